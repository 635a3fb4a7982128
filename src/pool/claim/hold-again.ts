/**
 * Takes the hold of a claim away for a while, for a server that can listen only on a port that nobody else has bound. The lock
 * stays, so that nobody of portslice is given the port; anybody else could take it.
 */
import type { PortClaim } from '../session/port-claim.ts';
import { claimState, isHeld } from '../session/port-claim.ts';

/** @returns whether there was one */
export function dropHold(claim: PortClaim): boolean {
  if (claimState(claim) !== 'held' || !isHeld(claim)) return false;
  claim.session.kernel.closeDescriptors(claim.hold.descriptors);
  claim.hold = { kind: 'checked', descriptors: [], addresses: claim.hold.addresses };
  return true;
}

/** Also over what the server has left. Where somebody has bound the port meanwhile, it stays without. */
export function retakeHold(claim: PortClaim): void {
  if (claimState(claim) !== 'held' || isHeld(claim)) return;
  const { session, port, hold } = claim;
  const target = { addresses: hold.addresses };
  claim.hold =
    session.kernel.takeHold(port, target) ?? session.kernel.takeHoldOverLeftovers(port, target) ?? hold;
}
