/**
 * Which worker of a runner this thread is, told by what the runner leaves in its workers. A hint only: runners use
 * their numbers again before the old worker is gone. Processes that a test starts inherit a worker's environment, but
 * not its globals and not its parent: they are no workers.
 */
import { readVariable } from '../../platform/environment.ts';

/** From 1, as the worker slices count; undefined: no worker. */
export function workerHint(creatorProcessId: number): number | undefined {
  return tinypoolWorker() ?? vitestWorker() ?? playwrightWorker(creatorProcessId);
}

/** tinypool numbers from 1, each pool by itself. */
function tinypoolWorker(): number | undefined {
  const state = (process as { __tinypool_state__?: { workerId?: number } }).__tinypool_state__;
  return toHint(state?.workerId);
}

/** Vitest numbers from 1. Its worker state is a global of the worker, in its vm pools of each test file's context. */
function vitestWorker(): number | undefined {
  const isWorker = (globalThis as { __vitest_worker__?: unknown }).__vitest_worker__ !== undefined;
  return isWorker ? toHint(readVariable('VITEST_POOL_ID')) : undefined;
}

/** Playwright numbers from 0, and starts its workers itself: their parent is the process that made the pool. */
function playwrightWorker(creatorProcessId: number): number | undefined {
  const index = readVariable('TEST_PARALLEL_INDEX');
  return index !== undefined && process.ppid === creatorProcessId ? toHint(Number(index) + 1) : undefined;
}

function toHint(value: number | string | undefined): number | undefined {
  const hint = Number(value);
  return Number.isInteger(hint) && hint > 0 ? hint : undefined;
}

/** Whether this is the run's first worker, which tells what concerns the whole run and needs to be told once. */
export function isFirstWorker(): boolean {
  const playwrightWorkerIndex = readVariable('TEST_WORKER_INDEX');
  if (playwrightWorkerIndex !== undefined) return playwrightWorkerIndex === '0';
  return (readVariable('VITEST_WORKER_ID') ?? '1') === '1';
}
