/**
 * The pool of a run, in the runner's main process: made by the first global setup, published in the environment, closed
 * by the last teardown. Vitest calls a global setup once for each project, each time as a new module instance.
 */
import { ForeignFunctionError, UnsupportedPlatformError } from '../errors/index.ts';
import {
  ON_LEAK_VARIABLE,
  publishedPoolHandle,
  publishPoolHandle,
  publishVariable,
  readVariable,
} from '../platform/environment.ts';
import { platform } from '../platform/platform.ts';
import { threadState } from '../platform/thread-state.ts';
import { PortPool, type PortPoolOptions } from '../pool/api/port-pool.ts';
import { canAttach } from '../pool/session/current-slice.ts';
import type { OnLeak } from '../pool/session/port-claim.ts';
import { warnOnce } from '../pool/session/warnings.ts';
import { adoptRunPorts } from '../server/run-ports/adopt-run-ports.ts';
import { rememberedRunOptions, runOptionsAreOver, type RunPoolOptions } from './run-options.ts';
import { unitedOptions } from './united-options.ts';

interface Run {
  pool: PortPool | undefined;
  userCount: number;
  /** Of the run in which this one was started. */
  outerHandle: string | undefined;
  /** Takes back what was published beside the pool. */
  takeBack: (() => void) | undefined;
}

function thisRun(): Run {
  return threadState<Run>('run', () => ({
    pool: undefined,
    userCount: 0,
    outerHandle: undefined,
    takeBack: undefined,
  }));
}

export interface StartedRun {
  /** Undefined on a machine that has none to give. */
  readonly pool: PortPool | undefined;
  /** Of the pool. */
  readonly options: PortPoolOptions;
  /** The first of its global setups, where Vitest has several. */
  readonly isFirst: boolean;
  readonly wantsReport: boolean;
  /** The teardown. May be called more than once. */
  readonly stop: () => void;
}

/** @throws InvalidOptionError if the options cannot be used or disagree; PortSpecError, EphemeralRangeError */
export function startRunPool(workers: number): StartedRun {
  const run = thisRun();
  const { onLeak, report, ...options } = takeRunOptions();
  const isFirst = run.userCount === 0;
  if (isFirst) run.takeBack = publishOnLeak(onLeak);
  if (run.pool === undefined && canAllocate()) {
    const pool = PortPool.create({ ...options, workers });
    run.outerHandle = publishedPoolHandle();
    run.pool = pool;
    publishPoolHandle(pool.handle);
  }
  adoptRunPorts(run.pool?.handle);
  run.userCount++;
  let stopped = false;
  const stop = (): void => {
    if (!stopped) stopOne(run);
    stopped = true;
  };
  return { pool: run.pool, options, isFirst, wantsReport: report !== undefined, stop };
}

/** To the workers. @returns what takes it back */
function publishOnLeak(onLeak: OnLeak | undefined): (() => void) | undefined {
  if (onLeak === undefined) return undefined;
  const outer = readVariable(ON_LEAK_VARIABLE);
  publishVariable(ON_LEAK_VARIABLE, onLeak);
  return () => publishVariable(ON_LEAK_VARIABLE, outer);
}

/** In watch mode a corrected configuration must not disagree with the one that was refused. */
function takeRunOptions(): RunPoolOptions {
  try {
    return unitedOptions(rememberedRunOptions());
  } catch (error) {
    runOptionsAreOver();
    throw error;
  }
}

/** Most tests of a run may need no port: on a machine that has none to give, only those fail that ask for one. */
function canAllocate(): boolean {
  try {
    platform.openKernel();
    return true;
  } catch (error) {
    if (!(error instanceof ForeignFunctionError || error instanceof UnsupportedPlatformError)) throw error;
    warnOnce(
      'PORTSLICE_NO_POOL',
      `The run has no port pool, and the first port of each test fails: ${error.message} Tests that use no port are not affected.`,
    );
    return false;
  }
}

function stopOne(run: Run): void {
  run.userCount--;
  if (run.userCount > 0) return;
  runOptionsAreOver();
  run.takeBack?.();
  if (run.pool === undefined) return;
  run.pool.close();
  run.pool = undefined;
  publishPoolHandle(run.outerHandle);
}

/** The handle of the pool that this process is part of, if it can be used from here. */
export function inheritedPoolHandle(): string | undefined {
  const handle = publishedPoolHandle();
  return handle !== undefined && canAttach(handle) ? handle : undefined;
}
