/** Which part of the run this is. */
import type { Vitest } from 'vitest/node';
import type { MachineReport } from '../../report/format.ts';

export function shardOf({ config }: Vitest): MachineReport['shard'] {
  return config.shard && { current: config.shard.index, total: config.shard.count };
}
