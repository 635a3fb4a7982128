/** Pools of tinypool whose workers allocate from slices of one port pool. */
import { Tinypool, type Options } from 'tinypool';
import { environmentWithPool } from '../../platform/environment.ts';
import { inheritedPoolHandle, startRunPool } from '../run-pool.ts';

/** Several pools in one process number their workers alike; spare slices keep them apart. */
const POOLS_SIDE_BY_SIDE = 4;

/**
 * As `new Tinypool(options)`. The first call makes the process's port pool, unless the process has
 * one already; it lives as long as the process.
 * In the worker there is nothing to set up: `new TCPPortOwner()` takes from the worker's own slice.
 */
export function createTinypool(options: Options = {}): Tinypool {
  const workers = Math.max(
    process.getBuiltinModule('node:os').availableParallelism(),
    options.maxThreads ?? 0,
  );
  // Inside a test the pool of its run serves; as a process of its own, the runner makes one.
  const handle = inheritedPoolHandle() ?? startRunPool(workers * POOLS_SIDE_BY_SIDE).pool?.handle;
  // Without `env`, tinypool starts child processes with an empty environment.
  const env = environmentWithPool(handle, options.env);
  return new Tinypool({ ...options, env: env as Record<string, string> });
}
