/** Gives a port back: looks for a leaked server, closes the hold, then the lock, then frees the record. */
import { PortState, stateOf, withState } from '../core/port-state.ts';
import { HeaderWord, RecordWord } from '../core/segment-layout.ts';
import { ResourceLimitError } from '../errors.ts';
import { epochMs } from '../platform/clock.ts';
import type { Listener, PortKernel } from '../platform/port-kernel.ts';
import { describeListeners } from './listeners.ts';
import type { PortClaim } from './port-claim.ts';
import { watchForPressure } from './seals.ts';
import { warn } from './warnings.ts';

/**
 * Releases the claim; a second call does nothing.
 * @param seal keep the port from everybody, because the test that had it failed or timed out and may still use it
 */
export function releaseClaim(claim: PortClaim, seal = false): void {
  if (claim.phase !== 'held') return;
  const leak = findLeak(claim);
  endClaim(claim);
  if (leak !== undefined) reportLeak(claim, leak);
  if (leak !== undefined || (seal && !sealHold(claim))) keepSealed(claim, 'leaked');
  else if (seal) keepSealed(claim, 'sealed');
  else freeClaim(claim);
}

/** Takes back a claim that nobody was given: its port was not used, so that it neither rests nor counts. */
export function undoClaim(claim: PortClaim): void {
  const { session, index } = claim;
  const claimCount = session.segment.record(index, RecordWord.claimCount);
  session.segment.setRecord(index, RecordWord.claimCount, claimCount - 1);
  move(claim, PortState.releasing);
  freeClaim(claim);
}

/**
 * Whether something still listens on the port. Cheap: one bind, and nothing more if it succeeds. Without a descriptor
 * for the probe nothing is known, which must not keep a release from giving descriptors back.
 */
export function stillListens({ session, port, hold }: PortClaim): boolean {
  try {
    return session.kernel.somethingListens(port, hold.addresses);
  } catch (error) {
    if (error instanceof ResourceLimitError) return false;
    throw error;
  }
}

/** The bind can also fail on what a server without SO_REUSEADDR has left in TIME_WAIT: that is no leak. */
function findLeak(claim: PortClaim): readonly Listener[] | undefined {
  if (!stillListens(claim)) return undefined;
  const listeners = claim.session.kernel.findListeners(claim.port);
  if (listeners === undefined) return [];
  return listeners.length > 0 ? listeners : undefined;
}

function reportLeak({ session, port, label }: PortClaim, listeners: readonly Listener[]): void {
  session.segment.addToHeader(HeaderWord.leaks, 1);
  const test = label === '' ? 'its owner' : `'${label}'`;
  warn(
    'PORTSLICE_LEAK',
    `Port ${port} was released by ${test}, but ${describeListeners(listeners)} still listens on it. ` +
      'The port stays out of use. Stop the server before the test ends.',
  );
}

/** The time of holding ends here, whatever becomes of the port. */
function endClaim(claim: PortClaim): void {
  const { session, index } = claim;
  const { segment } = session;
  claim.releasedAtMs = epochMs();
  const heldMs = session.nowMs() - segment.record(index, RecordWord.claimedAtMs);
  segment.setRecord(index, RecordWord.heldMs, segment.record(index, RecordWord.heldMs) + heldMs);
  Atomics.store(segment.releasedAtMs, index, session.nowMs());
  move(claim, PortState.releasing);
  segment.addToHeader(HeaderWord.currentClaims, -1);
}

/** Puts the strict hold in place of the shared one. False if a server was quick enough to listen in between. */
function sealHold(claim: PortClaim): boolean {
  const { session, port, hold } = claim;
  session.kernel.closeDescriptors(hold.descriptors);
  claim.hold = { descriptors: [], addresses: hold.addresses };
  const descriptors = takeSeal(session.kernel, port, hold.addresses);
  if (descriptors !== undefined) claim.hold = { descriptors, addresses: hold.addresses };
  return descriptors !== undefined;
}

/** Without a descriptor for the seal the lock alone keeps the port from our users: a release must not fail. */
function takeSeal(
  kernel: PortKernel,
  port: number,
  addresses: PortClaim['hold']['addresses'],
): number[] | undefined {
  try {
    return kernel.takeSeal(port, addresses);
  } catch (error) {
    if (error instanceof ResourceLimitError) return undefined;
    throw error;
  }
}

function keepSealed(claim: PortClaim, phase: 'sealed' | 'leaked'): void {
  claim.phase = phase;
  move(claim, PortState.sealed);
  watchForPressure(claim.session, freeOldestSeal);
}

function freeClaim(claim: PortClaim): void {
  const { session, hold, lock } = claim;
  claim.phase = 'released';
  session.claims.delete(claim);
  session.kernel.closeDescriptors(hold.descriptors);
  session.kernel.closeDescriptors([lock]);
  move(claim, PortState.free);
}

/** Frees the port that this thread sealed first and on which nothing listens. False if there is none. */
export function freeOldestSeal(session: PortClaim['session']): boolean {
  for (const claim of session.claims) {
    if (claim.phase === 'held' || (claim.phase === 'leaked' && stillListens(claim))) continue;
    freeClaim(claim);
    return true;
  }
  return false;
}

/** Only from our own word: in a damaged segment the record may be somebody else's by now. */
function move(claim: PortClaim, state: PortState): void {
  const { segment } = claim.session;
  if (stateOf(claim.word) === state) return;
  segment.transitionTo(claim.index, claim.word, state);
  claim.word = withState(claim.word, state);
}

/** For the end of a pool: gives back all that this thread has, sealed and leaked ports included. */
export function releaseAll(session: PortClaim['session']): void {
  for (const claim of session.claims) {
    releaseClaim(claim);
    if (claim.phase !== 'released') freeClaim(claim);
  }
}
