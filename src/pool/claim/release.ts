/** Gives a port back: looks for a leaked server, closes the hold, then the lock, then frees the record. */
import { PortState, stateOf, withState } from '../../core/port-state.ts';
import { HeaderWord, RecordWord } from '../../core/segment-layout.ts';
import { blockMs, epochMs } from '../../platform/clock.ts';
import { platform } from '../../platform/platform.ts';
import type { Listener } from '../../platform/port-kernel.ts';
import { warn } from '../session/warnings.ts';
import { adviceForLeak, describeListeners } from './listeners.ts';
import type { PortClaim } from './port-claim.ts';
import { watchForPressure } from './seals.ts';

/**
 * Releases the claim; a second call does nothing.
 * @param seal keep the port from everybody, because the test that had it failed or timed out and may still use it
 */
export function releaseClaim(claim: PortClaim, seal = false): void {
  if (claim.phase !== 'held') return;
  const leak = findLeak(claim, !seal);
  endClaim(claim);
  if (leak !== undefined) reportLeak(claim, leak);
  if (leak !== undefined || (seal && !sealHold(claim))) keepSealed(claim, 'leaked');
  else if (seal) keepSealed(claim, 'sealed');
  else freeClaim(claim);
}

/** Takes back a claim that nobody was given: its port was not used, so that it neither rests nor counts. */
export function undoClaim(claim: PortClaim): void {
  move(claim, PortState.releasing);
  freeClaim(claim);
}

/**
 * Whether something still listens on the port, which is used no more. A release gives everything back, whatever happens
 * on the way: without a descriptor for the probe, or with its address gone from this machine, nothing is known of a leak,
 * and no more is lost than that.
 * @param closesNow the hold is closed as soon as nothing listens: then it can be the probe itself
 */
export function stillListens({ session, port, hold }: PortClaim, closesNow = false): boolean {
  const { kernel } = session;
  try {
    return closesNow && hold.descriptors.length === 1
      ? kernel.somethingListensBeside(hold)
      : kernel.somethingListens(port, hold.addresses);
  } catch {
    return false;
  }
}

/** In all longer than a big process needs from a fork to its exec. */
const LOOKS_AFTER_MS = [1, 2, 4, 8, 16, 32, 64];

/**
 * Who has leaked a server on the port; undefined: nobody. The bind can also fail on what a server without SO_REUSEADDR has
 * left in TIME_WAIT, and on a socket that this process has closed while a child that it has just forked still has it until
 * its exec: neither is a leak.
 */
function findLeak(claim: PortClaim, closesNow: boolean): readonly Listener[] | undefined {
  if (!stillListens(claim, closesNow)) return undefined;
  let listeners = platform.findListeners(claim.port);
  for (const lookAfterMs of LOOKS_AFTER_MS) {
    if (listeners?.length === 0) return undefined;
    if (listeners?.some(({ processId }) => processId === process.pid) === true) return listeners;
    blockMs(lookAfterMs);
    if (!stillListens(claim, closesNow)) return undefined;
    listeners = platform.findListeners(claim.port);
  }
  return listeners ?? [];
}

function reportLeak({ session, port, label }: PortClaim, listeners: readonly Listener[]): void {
  session.segment.addToHeader(HeaderWord.leaks, 1);
  const test = label === '' ? 'its owner' : `'${label}'`;
  warn(
    'PORTSLICE_LEAK',
    `Port ${port} was released by ${test}, but ${describeListeners(listeners)} still listens on it. ` +
      `The port stays out of use. ${adviceForLeak(listeners)}`,
  );
}

/** The time of holding ends here, whatever becomes of the port. */
function endClaim(claim: PortClaim): void {
  const { session, index } = claim;
  const { segment } = session;
  claim.releasedAtMs = epochMs();
  const nowMs = session.nowMs();
  const heldMs = nowMs - segment.record(index, RecordWord.claimedAtMs);
  segment.setRecord(index, RecordWord.heldMs, segment.record(index, RecordWord.heldMs) + heldMs);
  Atomics.store(segment.releasedAtMs, index, nowMs);
  move(claim, PortState.releasing);
  segment.addToHeader(HeaderWord.currentClaims, -1);
}

/** Puts the strict hold in place of the shared one. False if a server was quick enough to listen in between. */
function sealHold(claim: PortClaim): boolean {
  const { session, port, hold } = claim;
  session.kernel.closeDescriptors(hold.descriptors);
  claim.hold = { descriptors: [], addresses: hold.addresses };
  try {
    const descriptors = session.kernel.takeSeal(port, hold.addresses);
    if (descriptors !== undefined) claim.hold = { descriptors, addresses: hold.addresses };
    return descriptors !== undefined;
  } catch {
    // As with `stillListens`. The lock stays, so that at least nobody is given the port.
    return false;
  }
}

function keepSealed(claim: PortClaim, phase: 'sealed' | 'leaked'): void {
  claim.phase = phase;
  move(claim, PortState.sealed);
  watchForPressure(claim.session, freeOneSeal);
}

function freeClaim(claim: PortClaim): void {
  const { session, hold, lock } = claim;
  claim.phase = 'released';
  session.claims.delete(claim);
  session.kernel.closeDescriptors(hold.descriptors);
  session.kernel.closeDescriptors([lock]);
  move(claim, PortState.free);
}

/** Frees a sealed port of this thread on which nothing listens, the earliest claimed first. False if there is none. */
export function freeOneSeal(session: PortClaim['session']): boolean {
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

/** Gives back all of this thread's claims that are wanted back, sealed and leaked ports included. */
export function releaseAll(session: PortClaim['session'], isWanted: (claim: PortClaim) => boolean): void {
  for (const claim of session.claims) {
    if (!isWanted(claim)) continue;
    releaseClaim(claim);
    if (claim.phase !== 'released') freeClaim(claim);
  }
}
