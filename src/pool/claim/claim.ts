/**
 * Claims one port. The record is the way to agree quickly, the kernel decides: whoever has bound the lock has the port,
 * whatever the record says, and whoever has not backs off from its own word only.
 */
import { nextClaim, PortState, stateOf, withState } from '../../core/port-state.ts';
import { HeaderWord, RecordWord } from '../../core/segment-layout.ts';
import type { PoolSession } from '../session/pool-session.ts';
import { warnOnceInRun } from '../session/warnings.ts';
import type { PortClaim, Search } from './port-claim.ts';

/** Claims a port whose record says free: record first, then lock, then hold. */
export function claimFree(search: Search, index: number): PortClaim | undefined {
  const { session, misses } = search;
  const word = Atomics.load(session.segment.states, index);
  if (stateOf(word) !== PortState.free) return undefined;
  const mine = nextClaim(word);
  if (!session.segment.transition(index, word, mine)) return undefined;
  const lock = backingOff(search, index, mine, [], () => session.kernel.takeLock(portAt(session, index)));
  if (lock !== undefined) return guard(search, index, mine, lock);
  misses.lockedByOtherRuns.add(index);
  passBy(session, index, mine);
  return undefined;
}

/** Claims a port whose record says that someone has it, who may be dead: only the lock can tell, so it comes first. */
export function claimStale(search: Search, index: number): PortClaim | undefined {
  const { session } = search;
  const lock = session.kernel.takeLock(portAt(session, index));
  return lock === undefined ? undefined : guard(search, index, seize(session, index), lock);
}

/** With the lock bound: takes the hold and describes the claim. */
function guard(search: Search, index: number, mine: number, lock: number): PortClaim | undefined {
  const { session, slice, request, misses, nowMs } = search;
  const { kernel, segment } = session;
  const port = portAt(session, index);
  const hold = backingOff(search, index, mine, [lock], () =>
    request.hold
      ? (kernel.takeHold(port, request.target) ?? kernel.takeHoldOverLeftovers(port, request.target))
      : kernel.checkStrictly(port, request.target),
  );
  if (hold === undefined) {
    misses.listenedOnByStrangers.add(index);
    kernel.closeDescriptors([lock]);
    passBy(session, index, mine);
    return undefined;
  }
  const claim: PortClaim = {
    session,
    index,
    port,
    label: request.label,
    lock,
    hold,
    word: mine,
    phase: 'held',
  };
  // SYNC: only the one who has the lock writes the record; the state word publishes it.
  segment.writeClaim(index, {
    processId: process.pid,
    threadId: kernel.threadId,
    slice,
    atMs: nowMs,
  });
  segment.writeLabel(index, request.label);
  session.claims.add(claim);
  if (hold.addresses !== undefined && hold.descriptors.length > 0) warnOfNarrowHold(session, port);
  return claim;
}

/**
 * Our word can have changed: somebody who believed us dead had the lock between our swap and our lock, and has gone on.
 * Now the lock is ours, and with it the record.
 */
function publish(claim: PortClaim): void {
  const { segment } = claim.session;
  if (!segment.transitionTo(claim.index, claim.word, PortState.held)) {
    claim.word = seize(claim.session, claim.index);
    Atomics.store(segment.states, claim.index, withState(claim.word, PortState.held));
  }
  claim.word = withState(claim.word, PortState.held);
}

/** An error on the way (no descriptors, say) gives everything back before it is thrown. */
function backingOff<T>(
  { session }: Search,
  index: number,
  mine: number,
  descriptors: number[],
  act: () => T,
): T {
  try {
    return act();
  } catch (error) {
    session.kernel.closeDescriptors(descriptors);
    session.segment.transitionTo(index, mine, PortState.free);
    throw error;
  }
}

/** The port is somebody else's for now: it goes to the end of the order. */
function passBy(session: PoolSession, index: number, mine: number): void {
  Atomics.store(session.segment.releasedAtMs, index, session.nowMs());
  session.segment.transitionTo(index, mine, PortState.free);
}

/** For the one who has the lock: makes the record ours from whatever it says. */
function seize({ segment }: PoolSession, index: number): number {
  for (;;) {
    const word = Atomics.load(segment.states, index);
    const mine = nextClaim(word);
    // Ends: without the lock, others change the word at most once each before they back off.
    if (!segment.transition(index, word, mine)) continue;
    if (stateOf(word) === PortState.held) segment.addToHeader(HeaderWord.currentClaims, -1);
    return mine;
  }
}

/**
 * Makes claims known that somebody is given now. Those that wait for others, and may be taken back, do not count, and their
 * records say claiming.
 */
export function handOut({ segment }: PoolSession, claims: readonly PortClaim[], borrowedCount: number): void {
  for (const { index } of claims) {
    segment.setRecord(index, RecordWord.claimCount, segment.record(index, RecordWord.claimCount) + 1);
  }
  segment.addToHeader(HeaderWord.lifetimeClaims, claims.length);
  segment.addToHeader(HeaderWord.borrowedClaims, borrowedCount);
  const current = segment.addToHeader(HeaderWord.currentClaims, claims.length);
  segment.raiseHeader(HeaderWord.peakClaims, current);
  // After the count: who dies in between leaves it too high, never too low.
  for (const claim of claims) publish(claim);
}

function warnOfNarrowHold({ segment }: PoolSession, port: number): void {
  warnOnceInRun(
    segment,
    'PORTSLICE_NARROW_HOLD',
    `Port ${port} is held on the addresses of 'hosts' only, because others have it elsewhere; ` +
      'listen(0) can be given it on the other addresses.',
  );
}

function portAt({ segment }: PoolSession, index: number): number {
  return segment.ports.at(index);
}
