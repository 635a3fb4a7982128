/** Pools of tinypool whose workers allocate from slices of one port pool. */
import { availableParallelism } from 'node:os';
import { Tinypool, type Options } from 'tinypool';
import { environmentWithPool } from '../../platform/environment.ts';
import { startRunPool } from '../run-pool.ts';

/** Several pools in one process number their workers alike; spare slices keep them apart. */
const POOLS_SIDE_BY_SIDE = 4;

/**
 * As `new Tinypool(options)`. The first call makes the process's port pool; it lives as long as the process.
 * In the worker there is nothing to set up: `new TCPPortOwner()` takes from the worker's own slice.
 */
export function createTinypool(options: Options = {}): Tinypool {
  const workers = Math.max(availableParallelism(), options.maxThreads ?? 0);
  const { pool } = startRunPool(workers * POOLS_SIDE_BY_SIDE);
  // Without `env`, tinypool starts child processes with an empty environment.
  const env = environmentWithPool(pool.handle, options.env);
  return new Tinypool({ ...options, env: env as Record<string, string> });
}
