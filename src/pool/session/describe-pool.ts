/** Pools in lines of the trace. */
import { countText } from '../../core/count-text.ts';
import type { PoolSession } from './pool-session.ts';

/** Enough to tell the pools of a machine from each other. */
const RUN_ID_LENGTH = 8;

export function describePool({ segment }: PoolSession): string {
  const { ports, slices, creatorProcessId } = segment;
  return `run ${segment.runId.slice(0, RUN_ID_LENGTH)} of pid ${creatorProcessId}, ${countText(ports.length, 'port')} in ${countText(slices.length, 'slice')}`;
}
