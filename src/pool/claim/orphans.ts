/** What those who are gone have left: terminated threads of this process their descriptors, dead processes their records. */
import { RecordWord } from '../../core/segment-layout.ts';
import { trace } from '../../platform/trace.ts';
import type { PoolSession } from '../session/pool-session.ts';

/** @returns how many descriptors of terminated threads it closed */
export function closeOrphans({ kernel }: PoolSession): number {
  const count = kernel.closeOrphans();
  if (count > 0) trace().orphan?.(`closed ${count} descriptors that terminated threads have left`);
  return count;
}

/** Before the record becomes the claimant's, who has the lock already. */
export function traceTakeover({ segment }: PoolSession, index: number): void {
  trace().orphan?.(
    `${segment.ports.at(index)} is nobody's: pid ${segment.record(index, RecordWord.processId)}, which its record names, has no lock`,
  );
}
