/**
 * The million claims: three runs, each with a pool of its own and workers that are processes and threads, all of whose
 * ports are also another run's, and strangers to whom the system gives ports out of the same range.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type PortUse, readUses } from './claim-log.ts';
import { type ClaimVerdict, judgeClaims } from './claim-verdict.ts';
import type { Tally } from './claimant.ts';
import type { ClaimsRunConfig, PortsAtTheEnd, RunReport } from './claims-run.program.ts';
import { type Peer, startPeer } from './peer.ts';

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

export interface MillionOptions {
  /** The URL of the package's entry, as the workers use it. */
  readonly source: string;
  readonly claims: number;
  readonly crew: keyof typeof CREWS;
  /** When this process and all others give up. */
  readonly limitMs: number;
}

export interface MillionResult {
  readonly verdict: ClaimVerdict;
  /** As the claimants have counted, in each run. */
  readonly tallies: readonly (readonly Tally[])[];
  /** As the segments have counted. */
  readonly stats: readonly RunReport['stats'][];
  readonly portsAtTheEnd: readonly PortsAtTheEnd[];
  readonly workerWarnings: readonly string[];
  readonly runWarnings: readonly string[];
  /** The most that any process had more open after its claims than before. */
  readonly descriptorGrowth: number;
  readonly claimingMs: number;
}

/** @internal imported by a script, in a network of its own */
export async function claimMillion({
  source,
  claims,
  crew,
  limitMs,
}: MillionOptions): Promise<MillionResult> {
  const logFolder = mkdtempSync(path.join(tmpdir(), 'portslice-million-'));
  let phase = 'the start of all processes';
  const limit = setTimeout(() => {
    rmSync(logFolder, { recursive: true, force: true });
    console.error(`Not within ${limitMs} ms: ${phase}.`);
    // The others end with this process.
    process.exit(1);
  }, limitMs);
  try {
    const claimsEach = Math.ceil(claims / countClaimants(CREWS[crew]));
    await using processes = new AsyncDisposableStack();
    const configs = runConfigs(CREWS[crew], { source, logFolder, claimsEach });
    const runs = await startAll(processes, 'claims-run.program.ts', configs);
    const strangerConfigs = Array.from({ length: CREWS[crew].strangers }, () => ({ logFolder }));
    const strangers = await startAll(processes, 'claims-stranger.program.ts', strangerConfigs);

    phase = 'all claims';
    const startMs = performance.now();
    const reports = (await Promise.all(runs.map((run) => run.ask('claim')))) as RunReport[];
    const claimingMs = performance.now() - startMs;
    phase = 'the look at every port';
    for (const stranger of strangers) await stranger.ask('stop');
    // One run after another: they share their ports.
    const portsAtTheEnd: PortsAtTheEnd[] = [];
    for (const run of runs) portsAtTheEnd.push((await run.ask('claimAll')) as PortsAtTheEnd);

    const workers = reports.flatMap((report) => report.workers);
    return {
      verdict: judgeClaims(usesOf('owner', logFolder), usesOf('stranger', logFolder)),
      tallies: reports.map((report) => report.workers.flatMap(({ tallies }) => tallies)),
      stats: reports.map(({ stats }) => stats),
      portsAtTheEnd,
      workerWarnings: workers.flatMap(({ warnings }) => warnings),
      runWarnings: reports.flatMap(({ warnings }) => warnings),
      descriptorGrowth: Math.max(...workers.map(({ descriptors }) => descriptors.after - descriptors.before)),
      claimingMs,
    };
  } finally {
    clearTimeout(limit);
    rmSync(logFolder, { recursive: true, force: true });
  }
}

function countClaimants({ threadsOfProcesses }: Crew): number {
  return threadsOfProcesses.flat().reduce((sum, threads) => sum + 1 + threads, 0);
}

function runConfigs(
  { ports, threadsOfProcesses }: Crew,
  worker: ClaimsRunConfig['worker'],
): ClaimsRunConfig[] {
  return ports.map((ofRun, run) => ({
    ports: ofRun,
    restMs: REST_MS[run] as number,
    threadsOfProcesses: threadsOfProcesses[run] as readonly number[],
    worker,
  }));
}

async function startAll(
  processes: AsyncDisposableStack,
  program: string,
  configs: readonly object[],
): Promise<Peer[]> {
  const starting = configs.map(async (config) =>
    processes.use(await startPeer(new URL(program, import.meta.url), config)),
  );
  return Promise.all(starting);
}

function usesOf(kind: 'owner' | 'stranger', folder: string): Map<string, PortUse[]> {
  const files = readdirSync(folder).filter((file) => file.startsWith(kind));
  return new Map(files.map((file) => [file, readUses(path.join(folder, file))]));
}
