/** A run of the million claims: it makes a pool and starts the workers, as a runner does. See million.ts. */
import { type PortAllocationStats, PortPool, type TCPPortOwner } from '../../src/index.ts';
import type { ClaimsWorkerConfig, WorkerReport } from './claims-worker.program.ts';
import { obey, type Peer, startPeer } from './peer.ts';

export interface ClaimsRunConfig {
  readonly ports: string;
  readonly restMs: number;
  /** How many worker threads each of the run's processes has beside its main thread. */
  readonly threadsOfProcesses: readonly number[];
  readonly worker: Omit<ClaimsWorkerConfig, 'threads' | 'parallelIndex'>;
}

export interface RunReport {
  readonly workers: readonly WorkerReport[];
  readonly warnings: readonly string[];
  readonly stats: PortAllocationStats;
}

export interface PortsAtTheEnd {
  readonly claimed: number;
  readonly missing: readonly number[];
  readonly statsAfterwards: PortAllocationStats;
}

const ACQUIRE_TIMEOUT_MS = 2_000;

const config = JSON.parse(process.argv[2] as string) as ClaimsRunConfig;
const warnings: string[] = [];
process.on('warning', (warning: Error & { code?: string }) => warnings.push(warning.code ?? warning.message));

const { ports, restMs, threadsOfProcesses } = config;
const workerCount = threadsOfProcesses.reduce((sum, threads) => sum + 1 + threads, 0);
const pool = PortPool.create({ ports, restMs, workers: workerCount });
const workers = await startWorkers();
obey({
  claim: async (): Promise<RunReport> => {
    const reports = (await Promise.all(workers.map((worker) => worker.ask('claim')))) as WorkerReport[];
    return { workers: reports, warnings, stats: pool.stats() };
  },
  claimAll,
});

async function startWorkers(): Promise<Peer[]> {
  let parallelIndex = 0;
  const starting = threadsOfProcesses.map((threads) => {
    const worker: ClaimsWorkerConfig = { ...config.worker, threads, parallelIndex };
    const env = { PORTSLICE_POOL: pool.handle, TEST_PARALLEL_INDEX: String(parallelIndex) };
    parallelIndex += 1 + threads;
    return startPeer(new URL('claims-worker.program.ts', import.meta.url), worker, env);
  });
  return Promise.all(starting);
}

/** Has all of the pool's ports at the same time, while the workers still live. */
async function claimAll(): Promise<PortsAtTheEnd> {
  const owners: TCPPortOwner[] = [];
  try {
    for (const _ of pool.ports)
      owners.push(await pool.slice().acquire({ acquireTimeoutMs: ACQUIRE_TIMEOUT_MS }));
  } catch {
    // What is missing tells it.
  }
  const claimed = new Set(owners.map(({ port }) => port));
  for (const owner of owners) owner.cleanup();
  const missing = pool.ports.filter((port) => !claimed.has(port));
  return { claimed: claimed.size, missing, statsAfterwards: pool.stats() };
}
