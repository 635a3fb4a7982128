/**
 * The pool of a run, in the runner's main process: made by the first global setup, published in the environment, closed
 * by the last teardown. Vitest calls a global setup once for each project, each time as a new module instance.
 */
import { publishedPoolHandle, publishPoolHandle } from '../platform/environment.ts';
import { threadState } from '../platform/thread-state.ts';
import { PortPool } from '../pool/api/port-pool.ts';
import { canAttach } from '../pool/session/current-slice.ts';
import { checkNames, RUN_POOL_OPTION_NAMES } from '../pool/session/option-checks.ts';
import { rememberedRunOptions } from './run-options.ts';

interface Run {
  pool: PortPool | undefined;
  userCount: number;
  /** Of the run in which this one was started. */
  outerHandle: string | undefined;
}

function thisRun(): Run {
  return threadState<Run>('run', () => ({
    pool: undefined,
    userCount: 0,
    outerHandle: undefined,
  }));
}

/** @returns the teardown, which may be called more than once */
export function startRunPool(workers: number): { readonly pool: PortPool; readonly stop: () => void } {
  const run = thisRun();
  if (run.pool === undefined) {
    const options = rememberedRunOptions();
    checkNames(options, RUN_POOL_OPTION_NAMES);
    const pool = PortPool.create({ ...options, workers });
    run.outerHandle = publishedPoolHandle();
    run.pool = pool;
    publishPoolHandle(pool.handle);
  }
  run.userCount++;
  let stopped = false;
  const stop = (): void => {
    if (!stopped) stopOne(run);
    stopped = true;
  };
  return { pool: run.pool, stop };
}

function stopOne(run: Run): void {
  run.userCount--;
  if (run.userCount > 0) return;
  run.pool?.close();
  run.pool = undefined;
  publishPoolHandle(run.outerHandle);
}

/** The handle of the pool that this process is part of, if it can be used from here. */
export function inheritedPoolHandle(): string | undefined {
  const handle = publishedPoolHandle();
  return handle !== undefined && canAttach(handle) ? handle : undefined;
}
