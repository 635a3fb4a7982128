/**
 * Compares allocators in the storm of the contention tests: processes with several slots each; in each round of a slot a
 * real server listens 0 to 40 ms after its port was allocated.
 */
import { Storm, type StormOptions } from '../test/contention/storm.ts';
import { type PortBlock, reservePorts } from '../test/support/port-block.ts';
import { quantile, repetitions } from './pairs.ts';
import type { Project } from './project.ts';
import { formatNumber, type Section } from './report.ts';

const PROCESSES: number = repetitions(8, 2);
const SLOTS = 4;
const STORMS: number = repetitions(2, 1);
const ROUNDS_PER_SLOT: number = repetitions(25, 1);
const PORT_COUNT = 40;
/** Outside of the default ephemeral range, as portslice's own default ports are. */
const WIDE_RANGE = [20_000, 20_999] as const;

/** Of all storms of a contender together. */
interface Result {
  readonly name: string;
  readonly options: StormOptions;
  readonly timesMs: number[];
  planned: number;
  failedServers: number;
  shared: number;
  otherTroubles: number;
}

export async function measureStorm({ entry }: Project): Promise<Section> {
  await using block = await reservePorts(PORT_COUNT);
  const results = Object.entries(listContenders(block, entry)).map(([name, options]): Result => ({
    name,
    options,
    timesMs: [],
    planned: 0,
    failedServers: 0,
    shared: 0,
    otherTroubles: 0,
  }));
  for (let storm = 0; storm < STORMS; storm++) for (const result of results) await addStorm(result);
  return describe(results);
}

function listContenders({ ports, spec }: PortBlock, source: string): Readonly<Record<string, StormOptions>> {
  const narrowRange = [ports[0] as number, ports.at(-1) as number] as const;
  const allocator = { kind: 'portslice', source } as const;
  return {
    'portslice, one pool': { allocator, sharesPool: true },
    [`portslice, ${PROCESSES} pools`]: { allocator },
    [`portslice, one pool of ${PORT_COUNT} ports`]: { allocator, sharesPool: true, ports: spec },
    [`portslice, ${PROCESSES} pools of the same ${PORT_COUNT} ports`]: { allocator, ports: spec },
    'listen(0), close': { allocator: { kind: 'kernel' } },
    'get-port': { allocator: { kind: 'get-port' } },
    'get-port, range of 1000 ports': { allocator: { kind: 'get-port', range: WIDE_RANGE } },
    [`get-port, range of ${PORT_COUNT} ports`]: { allocator: { kind: 'get-port', range: narrowRange } },
    portfinder: { allocator: { kind: 'portfinder' } },
    'detect-port, from 3000': { allocator: { kind: 'detect-port' } },
    'get-port-please': { allocator: { kind: 'get-port-please' } },
  };
}

async function addStorm(result: Result): Promise<void> {
  await using storm = await Storm.gather({
    processes: PROCESSES,
    slots: SLOTS,
    roundsPerSlot: ROUNDS_PER_SLOT,
    ...result.options,
  });
  await storm.rage();
  const { failedServers, sharedPorts, refusals, wrongAnswers } = storm.verdict();
  result.planned += storm.plannedRounds;
  result.failedServers += failedServers.filter((failure) => failure.includes('EADDRINUSE')).length;
  result.shared += sharedPorts.length;
  result.otherTroubles += refusals.length + wrongAnswers.length;
  const allocated = storm.events().filter(({ kind }) => kind === 'allocated');
  result.timesMs.push(...allocated.map(({ detail }) => Number(detail)));
}

function describe(results: readonly Result[]): Section {
  const ours = results.filter(({ options }) => options.allocator.kind === 'portslice');
  const sum = (key: 'planned' | 'failedServers' | 'shared' | 'otherTroubles'): number =>
    ours.reduce((total, result) => total + result[key], 0);
  const missing = sum('planned') - ours.reduce((total, { timesMs }) => total + timesMs.length, 0);
  const troubles = sum('failedServers') + sum('shared') + sum('otherTroubles') + missing;
  return {
    title: 'Under contention',
    method:
      `${PROCESSES} processes of ${SLOTS} slots. In each round a slot gets a port, starts a real HTTP server on it 0 to 40 ms later, asks it, closes it and gives the port back: ` +
      `${ROUNDS_PER_SLOT} rounds of each slot in each of ${STORMS} storms, in which the allocators take turns. Everything is counted from the log that the servers write. *Two had it at once*: a port was ` +
      `handed out while another slot still had it; not each of them ends in a failed server. The times are those of an allocation. *Range of ${PORT_COUNT} ports*: get-port runs out of them, since it ` +
      `does not hand out a port twice within 15 s, and then lets the kernel choose outside of the range. The failures of the others vary with the load of the machine.`,
    tables: [
      {
        header: [
          'allocator',
          'allocations',
          'servers failed with EADDRINUSE',
          'two had it at once',
          'median',
          '99 % within',
        ],
        rows: results.map(({ name, planned, failedServers, shared, timesMs }) => [
          name,
          `${timesMs.length} of ${planned}`,
          `${failedServers} (${((100 * failedServers) / timesMs.length).toFixed(2)} %)`,
          String(shared),
          `${formatNumber(quantile(timesMs, 0.5))} ms`,
          `${formatNumber(quantile(timesMs, 0.99))} ms`,
        ]),
      },
    ],
    bars: [
      {
        what: 'portslice under contention',
        wanted: 'no server that fails, no port that two have at once',
        measured: `${sum('failedServers')} failed, ${sum('shared')} shared, of ${sum('planned')}`,
        missedBy: troubles === 0 ? undefined : String(troubles),
      },
    ],
  };
}
