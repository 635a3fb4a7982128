/**
 * The million claims: three runs, each with a pool of its own and workers that are processes and threads, all of whose
 * ports are also another run's, and strangers to whom the system gives ports out of the same range.
 */
import type { PortAllocationStats } from '../../src/index.ts';
import type { StrangerCommands } from '../contention/stranger.program.ts';
import { describeOverlap, findOverlaps, type Span } from '../support/overlaps.ts';
import { type PortWorker, startPortWorker } from '../support/port-worker.ts';
import { type Program, startProgram } from '../support/program.ts';
import { spansOf } from './claimant.ts';
import type { ClaimsWorkerCommands, ClaimsWorkerConfig, WorkerReport } from './claims-worker.program.ts';

interface Crew {
  /** Of the three runs. Each port belongs to exactly two of the pools. */
  readonly ports: readonly [string, string, string];
  /** For each run, how many worker threads each of its processes has beside its main thread. */
  readonly threadsOfProcesses: readonly (readonly number[])[];
  readonly strangers: number;
}

const CREWS = {
  /** 6 processes and 4 worker threads, 27 ports: starts quickly. */
  few: {
    ports: ['40000-40017', '40009-40026', '40000-40008,40018-40026'],
    threadsOfProcesses: [
      [2, 0],
      [2, 0],
      [0, 0],
    ],
    strangers: 1,
  },
  /** 16 processes and 8 worker threads, 60 ports. */
  all: {
    ports: ['40000-40039', '40020-40059', '40000-40019,40040-40059'],
    threadsOfProcesses: [
      [4, 0, 0, 0, 0],
      [4, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
    ],
    strangers: 2,
  },
} as const satisfies Record<string, Crew>;

/** Of the runs: none, so that rest plays no part, a short one, and the default. */
const REST_MS = [0, 20, 60_000];
const AT_THE_END = { acquireTimeoutMs: 2_000 };
const MAX_EXAMPLES = 10;

export interface MillionOptions {
  /** The URL of the package's entry, as the workers use it. */
  readonly source: string;
  readonly claims: number;
  readonly crew: keyof typeof CREWS;
}

interface ClaimVerdict {
  /** How many uses by owners and by strangers were judged. */
  readonly owners: number;
  readonly strangers: number;
  /** Pairs that had a port at the same time: two owners, or an owner and a stranger. */
  readonly duplicateCount: number;
  readonly intrusionCount: number;
  /** The first of them in words. */
  readonly examples: readonly string[];
}

/** What the claimants of a run have counted, together. */
interface Tally {
  readonly claims: number;
  readonly servers: number;
  readonly exhaustions: number;
  readonly errors: readonly string[];
}

interface PortsAtTheEnd {
  readonly missing: readonly number[];
  readonly statsAfterwards: PortAllocationStats;
}

export interface MillionResult {
  readonly verdict: ClaimVerdict;
  readonly tallies: readonly Tally[];
  /** As the segments have counted. */
  readonly stats: readonly PortAllocationStats[];
  readonly portsAtTheEnd: readonly PortsAtTheEnd[];
  readonly workerWarnings: readonly string[];
  readonly runWarnings: readonly (string | undefined)[];
  /** The most that any process had more open after its claims than before. */
  readonly descriptorGrowth: number;
  readonly claimingMs: number;
}

interface Run {
  /** Has made the pool. */
  readonly creator: PortWorker;
  /** Takes every port in the end. */
  readonly heir: PortWorker;
  readonly ports: readonly number[];
  readonly workers: readonly Program<ClaimsWorkerCommands>[];
}

/** @internal imported by a script, in a network of its own */
export async function claimMillion({ source, claims, crew }: MillionOptions): Promise<MillionResult> {
  const { threadsOfProcesses, strangers: strangerCount }: Crew = CREWS[crew];
  const claimantCount = threadsOfProcesses.flat().reduce((sum, threads) => sum + 1 + threads, 0);
  const worker = { source, claimsEach: Math.ceil(claims / claimantCount) };
  const runs = await Promise.all(REST_MS.map((_, run) => startRun(CREWS[crew], run, worker)));
  const strangers = Array.from({ length: strangerCount }, () =>
    startProgram<StrangerCommands>(new URL('../contention/stranger.program.ts', import.meta.url)),
  );
  await Promise.all([
    ...runs.flatMap(({ workers }) => workers.map(async ({ ready }) => ready)),
    ...strangers.map(async (stranger) => stranger.call('start')),
  ]);

  const startMs = performance.now();
  const reports = await Promise.all(
    runs.map(({ workers }) => Promise.all(workers.map(async (one) => one.call('claimEverywhere')))),
  );
  const claimingMs = performance.now() - startMs;
  const strangersSpans = await Promise.all(strangers.map(async (stranger) => stranger.call('stop')));
  const stats = await Promise.all(runs.map(async ({ creator }) => creator.call('stats')));
  // One run after another: they share their ports.
  const portsAtTheEnd: PortsAtTheEnd[] = [];
  for (const run of runs) portsAtTheEnd.push(await claimAll(run));
  const warnings = await Promise.all(runs.map(async ({ creator }) => creator.call('warnings')));
  return {
    verdict: judge(reports.flat(), strangersSpans.flat()),
    tallies: reports.map(tally),
    stats,
    portsAtTheEnd,
    workerWarnings: reports
      .flat()
      .flatMap(({ claimants }) => claimants.flatMap((claimant) => claimant.warnings)),
    runWarnings: warnings.flat().map(({ code }) => code),
    descriptorGrowth: Math.max(...reports.flat().map((report) => report.descriptorGrowth)),
    claimingMs,
  };
}

async function startRun(
  { ports, threadsOfProcesses }: Crew,
  run: number,
  worker: Pick<ClaimsWorkerConfig, 'source' | 'claimsEach'>,
): Promise<Run> {
  const creator = startPortWorker();
  const threadCounts = threadsOfProcesses[run] as readonly number[];
  const claimants = threadCounts.reduce((sum, threads) => sum + 1 + threads, 0);
  const options = { ports: ports[run] as string, restMs: REST_MS[run] as number, workers: claimants };
  const handle = await creator.call('createPool', options);
  const env = { PORTSLICE_POOL: handle };
  let parallelIndex = 0;
  const workers = threadCounts.map((threads) => {
    const config: ClaimsWorkerConfig = { ...worker, threads, parallelIndex };
    const index = { TEST_PARALLEL_INDEX: String(parallelIndex) };
    parallelIndex += 1 + threads;
    return startProgram<ClaimsWorkerCommands>(new URL('claims-worker.program.ts', import.meta.url), {
      config,
      env: { ...env, ...index },
    });
  });
  const heir = startPortWorker({ env });
  return { creator, heir, workers, ports: await heir.call('attach') };
}

/** Has all of the pool's ports at the same time, while the workers still live. */
async function claimAll({ heir, ports }: Run): Promise<PortsAtTheEnd> {
  const claimed: number[] = [];
  try {
    for (const _ of ports) claimed.push(await heir.call('acquireFromSlice', 0, AT_THE_END));
  } catch {
    // What is missing tells it.
  }
  for (const port of claimed) await heir.call('release', port);
  const missing = ports.filter((port) => !claimed.includes(port));
  return { missing, statsAfterwards: await heir.call('stats') };
}

function judge(reports: readonly WorkerReport[], strangers: readonly Span[]): ClaimVerdict {
  const owners = reports.flatMap(({ claimants }) => claimants.flatMap(spansOf));
  const isStranger = new Set(strangers);
  const found = findOverlaps(
    [...owners, ...strangers],
    (first, second) => isStranger.has(first) && isStranger.has(second),
  );
  const duplicates = found.filter(({ first, second }) => !isStranger.has(first) && !isStranger.has(second));
  return {
    owners: owners.length,
    strangers: strangers.length,
    duplicateCount: duplicates.length,
    intrusionCount: found.length - duplicates.length,
    examples: found.slice(0, MAX_EXAMPLES).map(describeOverlap),
  };
}

function tally(reports: readonly WorkerReport[]): Tally {
  const all = reports.flatMap(({ claimants }) => claimants);
  const sum = (count: (one: (typeof all)[number]) => number): number =>
    all.reduce((total, one) => total + count(one), 0);
  return {
    claims: sum((one) => spansOf(one).length),
    servers: sum(({ servers }) => servers),
    exhaustions: sum(({ exhaustions }) => exhaustions),
    errors: all.flatMap(({ errors }) => errors),
  };
}
