/** Gives a port back: looks for a leaked server, then frees the port or keeps it sealed. */
import { PortState } from '../../core/port-state.ts';
import { HeaderWord, RecordWord } from '../../core/segment-layout.ts';
import { epochMs } from '../../platform/clock.ts';
import type { PoolSession } from '../session/pool-session.ts';
import { claimState, type PortClaim } from '../session/port-claim.ts';
import { freeClaim, moveTo } from './free.ts';
import { noteLeak } from './leaks.ts';
import { findLeak } from './probe.ts';
import { keepLeaked, sealClaim } from './seals.ts';
import { traceRelease, traceUnsealing } from './trace-claims.ts';

/**
 * Releases the claim; a second call does nothing.
 * @param seal keep the port from everybody, because the test that had it failed or timed out and may still use it
 */
export function releaseClaim(claim: PortClaim, seal = false): void {
  if (claimState(claim) !== 'held') return;
  const leak = findLeak(claim, !seal);
  const heldMs = endClaim(claim);
  traceRelease(claim, heldMs, leak, seal);
  if (leak !== 'nobody') {
    claim.session.segment.addToHeader(HeaderWord.leaks, 1);
    claim.leakedBy = leak;
    noteLeak(claim, leak);
    keepLeaked(claim);
  } else if (seal) sealClaim(claim);
  else freeClaim(claim);
}

/** Takes back a claim that nobody was given: its port was not used, so it neither rests nor counts. */
export function undoClaim(claim: PortClaim): void {
  moveTo(claim, PortState.releasing);
  freeClaim(claim);
}

/** Gives back all of this thread's claims that are wanted back, sealed ports included. */
export function releaseAll(session: PoolSession, isWanted: (claim: PortClaim) => boolean): void {
  for (const claim of session.claims) {
    if (!isWanted(claim)) continue;
    releaseClaim(claim);
    if (claimState(claim) === 'free') continue;
    traceUnsealing(claim);
    freeClaim(claim);
  }
}

/** The time of holding ends here, whatever becomes of the port. @returns how long it was */
function endClaim(claim: PortClaim): number {
  const { session, index } = claim;
  const { segment } = session;
  claim.releasedAtMs = epochMs();
  const nowMs = session.nowMs();
  const heldMs = nowMs - segment.record(index, RecordWord.claimedAtMs);
  segment.setRecord(index, RecordWord.heldMs, segment.record(index, RecordWord.heldMs) + heldMs);
  Atomics.store(segment.releasedAtMs, index, nowMs);
  moveTo(claim, PortState.releasing);
  segment.addToHeader(HeaderWord.currentClaims, -1);
  return heldMs;
}
