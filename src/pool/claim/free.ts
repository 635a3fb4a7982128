/** Gives a claim back for good: hold, lock, record. */
import { PortState, stateOf, withState } from '../../core/port-state.ts';
import type { PortClaim } from '../session/port-claim.ts';

export function freeClaim(claim: PortClaim): void {
  const { session, hold, lock } = claim;
  session.claims.delete(claim);
  session.kernel.closeDescriptors(hold.descriptors);
  session.kernel.closeDescriptors([lock]);
  moveTo(claim, PortState.free);
}

/** Only from our own word: in a damaged segment the record may be somebody else's by now. */
export function moveTo(claim: PortClaim, state: PortState): void {
  const { segment } = claim.session;
  if (stateOf(claim.word) === state) return;
  segment.transitionTo(claim.index, claim.word, state);
  claim.word = withState(claim.word, state);
}
