/**
 * What a report has to know of a run and its machine beside its tests. The main process publishes it as text, each worker process
 * passes it on with a test of its own, unread, and whoever makes the report reads it: on this machine or on another one.
 */
import type { PortList } from '../core/port-list.ts';
import { isPortRange, type PortRange } from '../core/port-range.ts';
import type { MachineReport, PoolReport, PortRangeReport } from './format.ts';
import { isObject, numberOf, textOf } from './told-values.ts';

export interface RunFacts {
  readonly hostName: string;
  readonly platform: string;
  /** When the machine was started, by its own clock: with the host's name it tells machines apart. */
  readonly bootedAtMs: number;
  readonly startedAtMs: number;
  readonly shard: MachineReport['shard'];
  readonly pool: PoolFacts | undefined;
  readonly runPorts: readonly { readonly name: string; readonly port: number }[];
}

type PoolFacts = Omit<PoolReport, 'foreignListeners'>;

/** The ranges of a pool are most of the text, so they are written as short as possible. */
type Pair = readonly [firstPort: number, lastPort: number];

interface WrittenPool {
  readonly runId: string;
  readonly ranges: readonly Pair[];
  readonly slices: readonly (readonly Pair[])[];
  readonly excluded: readonly (readonly [reason: string, ranges: readonly Pair[]])[];
}

export interface PoolParts {
  readonly runId: string;
  readonly ports: PortList;
  readonly slices: readonly { readonly firstIndex: number; readonly portCount: number }[];
  readonly excluded: readonly { readonly reason: string; readonly ranges: readonly PortRange[] }[];
}

export function writeRunFacts(
  facts: Omit<RunFacts, 'pool'> & { readonly pool: PoolParts | undefined },
): string {
  const { pool } = facts;
  return JSON.stringify({ ...facts, pool: pool && writePool(pool) });
}

function writePool({ runId, ports, slices, excluded }: PoolParts): WrittenPool {
  return {
    runId,
    ranges: pairsOf(ports.ranges),
    slices: slices.map(({ firstIndex, portCount }) =>
      pairsOf(ports.slice(firstIndex, firstIndex + portCount).ranges),
    ),
    excluded: excluded.map(({ reason, ranges }) => [reason, pairsOf(ranges)] as const),
  };
}

function pairsOf(ranges: readonly PortRange[]): Pair[] {
  return ranges.map(({ firstPort, lastPort }) => [firstPort, lastPort] as const);
}

/** @throws TypeError if the text is damaged */
export function parseRunFacts(text: string): RunFacts {
  const told: unknown = JSON.parse(text);
  if (!isObject(told)) throw new TypeError('The facts of a run are no object');
  const { shard, pool, runPorts } = told;
  return {
    hostName: textOf(told, 'hostName'),
    platform: textOf(told, 'platform'),
    bootedAtMs: numberOf(told, 'bootedAtMs'),
    startedAtMs: numberOf(told, 'startedAtMs'),
    shard: isObject(shard)
      ? { current: numberOf(shard, 'current'), total: numberOf(shard, 'total') }
      : undefined,
    pool: isObject(pool) ? parsePool(pool) : undefined,
    runPorts: listOf(runPorts).map((one) => {
      if (!isObject(one)) throw new TypeError('A run port is no object');
      return { name: textOf(one, 'name'), port: numberOf(one, 'port') };
    }),
  };
}

function parsePool(pool: Readonly<Record<string, unknown>>): PoolFacts {
  const ranges = parsePairs(pool['ranges']);
  return {
    runId: textOf(pool, 'runId'),
    ranges,
    portCount: ranges.reduce((count, { firstPort, lastPort }) => count + lastPort - firstPort + 1, 0),
    slices: listOf(pool['slices']).map((pairs, number) => ({ number, ranges: parsePairs(pairs) })),
    excluded: listOf(pool['excluded']).flatMap((one) => {
      const [reason, pairs] = listOf(one);
      return parsePairs(pairs).map((range) => ({ ...range, reason: String(reason) }));
    }),
  };
}

function parsePairs(pairs: unknown): PortRangeReport[] {
  return listOf(pairs).map((pair) => {
    const [firstPort, lastPort] = listOf(pair);
    if (typeof firstPort !== 'number' || typeof lastPort !== 'number' || !isPortRange(firstPort, lastPort))
      throw new TypeError('A range of ports is none');
    return { firstPort, lastPort };
  });
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  throw new TypeError('The facts of a run lack a list');
}
