/**
 * Measures in how far the time of a claim depends on what else there is, with workers in processes of their own.
 * usage: node flat.program.ts <URL of portslice> <rounds> <claims of a round> <command of the bare calls, as JSON, without ports>
 * Prints FlatResults. Run it in a network namespace of its own: it holds 25,000 ports.
 */
import { execFileSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import type * as Portslice from '../src/index.ts';
import type { Times } from './worker.program.ts';
import { startWorker, type Worker } from './worker.ts';

export interface FlatResults {
  /** By the number of ports held. */
  readonly held: readonly FlatResult[];
  readonly busy: readonly FlatResult[];
  /** By the number of slices; every port has been used and has rested. */
  readonly slices: readonly FlatResult[];
  /** The same while no port has rested. */
  readonly unrestedSlices: readonly FlatResult[];
}

export interface FlatResult {
  readonly name: string;
  readonly times: Times;
  /** Nanoseconds of a cycle of the bare system calls at the same time, by round. */
  readonly bareNs: readonly number[];
}

/** All server ports of a Linux with its usual ephemeral range. */
const ALL_PORTS = '1024-32767,61000-65535';
const SLICE_PORTS = '10000-19999';
const SLICE_PORT_COUNT = 10_000;
const BUSY_PORTS = '20000-29999';
const BUSY_SHARE = 0.9;
const HELD_COUNTS = [0, 1000, 10_000, 25_000] as const;
/** A process can hold half as many ports as it may open descriptors. */
const HOLDERS = 8;
/** Eleven slices of workers: the holders find enough ports in their own ones and in slice 0, and leave the first one alone. */
const WORKERS = 7;
/** By the number of workers: that many slices. */
const SLICES = { 0: 1, 1: 4, 10: 16, 42: 64 } as const;
const REST_FOR_LONG_MS = 600_000;
const WARM_UP_CLAIMS = 4000;

const [source = '', rounds = '', claims = '', bareCommand = '[]'] = process.argv.slice(2);
const { PortPool } = (await import(source)) as typeof Portslice;
const results: FlatResults = {
  held: await measureHeld(),
  busy: await measureBusy(),
  slices: await measureSlices(0),
  unrestedSlices: await measureSlices(REST_FOR_LONG_MS),
};
writeSync(1, JSON.stringify(results));
process.exit();

/** Always the same worker, in its own slice, while others hold more and more ports, and then fewer. */
async function measureHeld(): Promise<FlatResult[]> {
  const pool = PortPool.create({ ports: ALL_PORTS, workers: WORKERS, restMs: 0 });
  const worker = await startWorker(pool, 1, source);
  const holders = await Promise.all(
    Array.from({ length: HOLDERS }, (_, index) => startWorker(pool, index + 2, source)),
  );
  // Each port of its slice is used before, and has rested.
  await worker.tell({ do: 'measure', count: WARM_UP_CLAIMS });
  const ports = (await worker.tell({ do: 'tell' })) as number[];
  const subjects = HELD_COUNTS.map((count) => ({
    name: String(count),
    prepare: () =>
      Promise.all(holders.map((holder) => holder.tell({ do: 'hold', count: Math.ceil(count / HOLDERS) }))),
    worker,
    ports,
  }));
  const measured = await measureInTurn(subjects);
  for (const one of [worker, ...holders]) one.end();
  pool.close();
  return measured;
}

/** The worker whose slice strangers have occupied, and one of another slice of the same pool. */
async function measureBusy(): Promise<FlatResult[]> {
  const pool = PortPool.create({ ports: BUSY_PORTS, workers: WORKERS });
  const [victim, other, stranger] = await Promise.all(
    [1, 2, 3].map((number) => startWorker(pool, number, source)),
  );
  if (victim === undefined || other === undefined || stranger === undefined)
    throw new Error('There are no workers');
  for (const worker of [victim, other]) await worker.tell({ do: 'warm up', count: WARM_UP_CLAIMS });
  const slice = shuffle((await victim.tell({ do: 'tell' })) as number[]);
  await stranger.tell({ do: 'listen', ports: slice.slice(0, Math.floor(slice.length * BUSY_SHARE)) });
  const measured = await measureInTurn([
    { name: 'none', worker: other },
    { name: `${100 * BUSY_SHARE} %`, worker: victim },
  ]);
  for (const worker of [victim, other, stranger]) worker.end();
  pool.close();
  return measured;
}

async function measureSlices(restMs: number): Promise<FlatResult[]> {
  const pools = Object.keys(SLICES).map((workers) =>
    PortPool.create({ ports: SLICE_PORTS, workers: Number(workers), restMs }),
  );
  const workers = await Promise.all(pools.map((pool) => startWorker(pool, 1, source)));
  for (const worker of workers)
    await worker.tell({ do: 'measure', count: SLICE_PORT_COUNT + WARM_UP_CLAIMS });
  const measured = await measureInTurn(
    Object.values(SLICES).map((count, index) => ({ name: String(count), worker: workers[index] as Worker })),
  );
  for (const worker of workers) worker.end();
  for (const pool of pools) pool.close();
  return measured;
}

interface Subject {
  readonly name: string;
  readonly worker: Worker;
  readonly prepare?: () => Promise<unknown>;
  /** For the bare calls. */
  readonly ports?: readonly number[];
}

/** Every second round in reverse. */
async function measureInTurn(subjects: readonly Subject[]): Promise<FlatResult[]> {
  const measured = subjects.map(({ name }) => ({
    name,
    times: { claims: [] as number[], releases: [] as number[] },
    bareNs: [] as number[],
  }));
  for (let round = 0; round < Number(rounds); round++) {
    const order = [...subjects.entries()];
    if (round % 2 === 1) order.reverse();
    for (const [index, { worker, prepare, ports }] of order) {
      await prepare?.();
      const times = (await worker.tell({ do: 'measure', count: Number(claims) })) as Times;
      const result = measured[index];
      result?.times.claims.push(...times.claims);
      result?.times.releases.push(...times.releases);
      if (ports !== undefined) result?.bareNs.push(...timeBareCalls(ports));
    }
  }
  return measured;
}

/** The median, nothing without a compiler. On the ports of the worker's slice, for which the kernel's lists are as long. */
function timeBareCalls(ports: readonly number[]): number[] {
  const [file, durationMs = '', ...calls] = JSON.parse(bareCommand) as string[];
  if (file === undefined) return [];
  // A slice can wrap around at the end of the pool.
  const end = ports.findIndex((port, index) => port > (ports[index + 1] ?? 0));
  const args = [durationMs, String(ports[0]), String(ports[end]), ...calls];
  return [Number(execFileSync(file, args, { encoding: 'utf8' }).split(' ')[1])];
}

function shuffle(ports: readonly number[]): number[] {
  return ports
    .map((port) => ({ port, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ port }) => port);
}
