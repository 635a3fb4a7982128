/**
 * Claims one port. The record is the way to agree quickly, the kernel decides: whoever has bound the lock has the port,
 * whatever the record says, and whoever has not backs off from its own word only.
 */
import { nextClaim, PortState, stateOf, withState } from '../core/port-state.ts';
import { HeaderWord, RecordWord } from '../core/segment-layout.ts';
import type { PoolSession } from './pool-session.ts';
import type { ClaimRequest, PortClaim } from './port-claim.ts';

/** Why ports that looked free were passed by. */
export interface Misses {
  lockedByOtherRuns: number;
  listenedOnByStrangers: number;
}

/** Claims a port whose record says free: record first, then lock, then hold. */
export function claimFree(
  session: PoolSession,
  slice: number,
  index: number,
  request: ClaimRequest,
  misses: Misses,
): PortClaim | undefined {
  const { segment } = session;
  const word = Atomics.load(segment.states, index);
  if (stateOf(word) !== PortState.free) return undefined;
  const mine = nextClaim(word);
  if (!segment.transition(index, word, mine)) return undefined;
  writeClaim(session, slice, index);
  const lock = backingOff(session, index, mine, () => session.kernel.takeLock(portAt(session, index)), []);
  if (lock === undefined) {
    misses.lockedByOtherRuns++;
    passBy(session, index, mine);
    return undefined;
  }
  return guard(session, index, mine, lock, request, misses);
}

/** Claims a port whose record says that someone has it, who may be dead: only the lock can tell, so it comes first. */
export function claimStale(
  session: PoolSession,
  slice: number,
  index: number,
  request: ClaimRequest,
  misses: Misses,
): PortClaim | undefined {
  const lock = session.kernel.takeLock(portAt(session, index));
  if (lock === undefined) return undefined;
  const mine = seize(session, index);
  writeClaim(session, slice, index);
  return guard(session, index, mine, lock, request, misses);
}

/** With the lock bound: takes the hold and makes the claim known. */
function guard(
  session: PoolSession,
  index: number,
  mine: number,
  lock: number,
  request: ClaimRequest,
  misses: Misses,
): PortClaim | undefined {
  const { kernel, segment } = session;
  const port = portAt(session, index);
  const hold = backingOff(session, index, mine, () => takeHold(session, port, request), [lock]);
  if (hold === undefined) {
    misses.listenedOnByStrangers++;
    kernel.closeDescriptors([lock]);
    passBy(session, index, mine);
    return undefined;
  }
  const { label } = request;
  segment.writeLabel(index, label);
  segment.setRecord(index, RecordWord.claimCount, segment.record(index, RecordWord.claimCount) + 1);
  let word = withState(mine, PortState.held);
  // Nobody changes our word while we have the lock; if somebody did, the segment is damaged and the lock is what counts.
  if (!segment.transition(index, mine, word)) {
    word = withState(seize(session, index), PortState.held);
    Atomics.store(segment.states, index, word);
  }
  const claim: PortClaim = { session, index, port, label, lock, hold, word, phase: 'held' };
  session.claims.add(claim);
  return claim;
}

function takeHold(
  { kernel }: PoolSession,
  port: number,
  { hold, target }: ClaimRequest,
): PortClaim['hold'] | undefined {
  return hold ? kernel.takeHold(port, target) : kernel.checkStrictly(port, target);
}

/** An error on the way (no descriptors, say) gives the port back before it is thrown. */
function backingOff<T>(
  session: PoolSession,
  index: number,
  mine: number,
  act: () => T,
  descriptors: readonly number[],
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
    const previous = stateOf(word);
    if (previous === PortState.held) segment.addToHeader(HeaderWord.currentClaims, -1);
    return mine;
  }
}

function writeClaim(session: PoolSession, slice: number, index: number): void {
  session.segment.writeClaim(index, {
    processId: process.pid,
    threadId: session.kernel.threadId,
    slice,
    atMs: session.nowMs(),
  });
}

/** Only claims that somebody is given count, not those that wait for others and are taken back. */
export function countClaims({ segment }: PoolSession, count: number, borrowedCount: number): void {
  segment.addToHeader(HeaderWord.lifetimeClaims, count);
  segment.addToHeader(HeaderWord.borrowedClaims, borrowedCount);
  const current = segment.addToHeader(HeaderWord.currentClaims, count);
  segment.raiseHeader(HeaderWord.peakClaims, current);
}

function portAt({ segment }: PoolSession, index: number): number {
  return segment.ports[index] as number;
}
