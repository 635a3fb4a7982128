/** Publishes claims that are about to be returned. Those of an incomplete set are never published: they stay claiming, and uncounted. */
import { PortState, withState } from '../../core/port-state.ts';
import { HeaderWord, RecordWord } from '../../core/segment-layout.ts';
import type { PoolSession } from '../session/pool-session.ts';
import type { PortClaim } from '../session/port-claim.ts';
import { seize } from './claim.ts';

export function publish({ segment }: PoolSession, claims: readonly PortClaim[]): void {
  let borrowedCount = 0;
  for (const { index, borrowed } of claims) {
    segment.setRecord(index, RecordWord.claimCount, segment.record(index, RecordWord.claimCount) + 1);
    if (borrowed) borrowedCount++;
  }
  segment.addToHeader(HeaderWord.lifetimeClaims, claims.length);
  segment.addToHeader(HeaderWord.borrowedClaims, borrowedCount);
  const current = segment.addToHeader(HeaderWord.currentClaims, claims.length);
  segment.raiseHeader(HeaderWord.peakClaims, current);
  // After the count: who dies in between leaves it too high, never too low.
  for (const claim of claims) publishOne(claim);
}

/** Someone may have assumed that we were dead, and changed our word before we got the lock. Now the record is ours. */
function publishOne(claim: PortClaim): void {
  const { session, index } = claim;
  if (!session.segment.transitionTo(index, claim.word, PortState.held)) {
    claim.word = seize(session, index);
    Atomics.store(session.segment.states, index, withState(claim.word, PortState.held));
  }
  claim.word = withState(claim.word, PortState.held);
}
