/**
 * The pool of a run, in the runner's main process: made by the first global setup, published in the environment, closed
 * by the last teardown. Vitest calls a global setup once for each project, each time as a new module instance.
 */
import { publishedPoolHandle, publishPoolHandle } from '../platform/environment.ts';
import { threadState } from '../platform/thread-state.ts';
import { canAttach } from '../pool/current-slice.ts';
import { checkNames } from '../pool/option-checks.ts';
import { PORT_POOL_OPTION_NAMES, PortPool, type PortPoolOptions } from '../pool/port-pool.ts';

/** What the plugins take: the options of the pool, whose number of workers the runner knows. */
export type RunPoolOptions = Omit<PortPoolOptions, 'workers'>;

const RUN_POOL_OPTION_NAMES = PORT_POOL_OPTION_NAMES.filter((name) => name !== 'workers');

interface Run {
  options: RunPoolOptions;
  pool: PortPool | undefined;
  userCount: number;
  /** Of the run in which this one was started. */
  outerHandle: string | undefined;
}

function thisRun(): Run {
  return threadState<Run>('run', () => ({
    options: {},
    pool: undefined,
    userCount: 0,
    outerHandle: undefined,
  }));
}

/** Keeps what the runner's configuration says until the global setup makes the pool. */
export function rememberRunOptions(options: RunPoolOptions): void {
  checkNames(options, RUN_POOL_OPTION_NAMES);
  Object.assign(thisRun().options, options);
}

/** @returns the teardown, which may be called more than once */
export function startRunPool(workers: number): { readonly pool: PortPool; readonly stop: () => void } {
  const run = thisRun();
  if (run.pool === undefined) {
    const pool = PortPool.create({ ...run.options, workers });
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
