/** Which thread has which slice. Two that share one for a moment are slower, never wrong. */
import { platform } from '../../platform/platform.ts';
import { trace } from '../../platform/trace.ts';
import { describePool } from './describe-pool.ts';
import type { PoolSession } from './pool-session.ts';

/**
 * The slice for a worker: the one of its hint if no live worker has it, else a spare one, else the hinted one all the same.
 * @param hint 0: slice 0, the run's own, which belongs to nobody; above the number of worker slices it wraps around
 */
export function takeSlice(session: PoolSession, hint: number): number {
  const slice = chooseSlice(session, hint);
  trace().pool?.(
    `slice ${slice} is for this thread${hint === 0 ? '' : `, worker ${hint}`}: ${describePool(session)}`,
  );
  return slice;
}

function chooseSlice(session: PoolSession, hint: number): number {
  const workerSliceCount = session.segment.slices.length - 1;
  if (hint === 0 || workerSliceCount === 0) return 0;
  const wanted = 1 + ((hint - 1) % workerSliceCount);
  if (tryToTake(session, wanted)) return wanted;
  // Spare slices are the last ones.
  for (let slice = workerSliceCount; slice >= 1; slice--) if (tryToTake(session, slice)) return slice;
  return wanted;
}

function tryToTake({ segment, kernel }: PoolSession, slice: number): boolean {
  const owner = segment.sliceOwner(slice);
  if (owner === kernel.threadId) return true;
  return !platform.isAlive(owner) && segment.takeSlice(slice, owner, kernel.threadId);
}
