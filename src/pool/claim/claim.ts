/**
 * Claims one port: record, lock, hold. The record lets claimants agree quickly, the kernel decides: whoever binds the lock
 * owns the port, whatever the record says. Anyone else may undo only their own state word.
 */
import { nextClaim, PortState, stateOf } from '../../core/port-state.ts';
import { HeaderWord } from '../../core/segment-layout.ts';
import type { SliceBounds } from '../../core/slices.ts';
import type { Hold } from '../../platform/port-kernel.ts';
import type { PoolSession } from '../session/pool-session.ts';
import { isHeld, type PortClaim } from '../session/port-claim.ts';
import { warnOnceInRun } from '../session/warnings.ts';
import type { Look } from './look.ts';
import { traceTakeover } from './orphans.ts';

/**
 * How a port is held. A strict bind is surer and cheaper, but fails for 60 s on what an earlier server has left; over
 * leftovers the bind takes four more system calls.
 */
export type HoldWay = 'strict' | 'over-leftovers';

/** Claims a port whose record says free: the record first, then the lock, then the hold. */
export function claimFree(look: Look, index: number, way: HoldWay): PortClaim | undefined {
  const { session, misses } = look;
  const word = Atomics.load(session.segment.states, index);
  if (stateOf(word) !== PortState.free) return undefined;
  const claiming = nextClaim(word);
  if (!session.segment.transition(index, word, claiming)) return undefined;
  const port = session.segment.ports.at(index);
  const lock = backingOff(session, index, claiming, [], () => session.kernel.takeLock(port));
  if (lock !== undefined) return holdAndRecord(look, index, claiming, lock, way);
  misses.strictlyRefused.delete(index);
  misses.lockedByOtherRuns.add(index);
  moveToBack(session, index, claiming);
  return undefined;
}

/** Claims a port whose record names an owner who may be dead: only the lock can tell, so it comes first. */
export function claimStale(look: Look, index: number): PortClaim | undefined {
  const { session } = look;
  const lock = session.kernel.takeLock(session.segment.ports.at(index));
  if (lock === undefined) return undefined;
  traceTakeover(session, index);
  return holdAndRecord(look, index, seize(session, index), lock, 'over-leftovers');
}

/** With the lock bound: takes the hold, and writes the record. */
function holdAndRecord(
  look: Look,
  index: number,
  claiming: number,
  lock: number,
  way: HoldWay,
): PortClaim | undefined {
  const { session, slice, request } = look;
  const { kernel, segment } = session;
  const port = segment.ports.at(index);
  const hold = backingOff(session, index, claiming, [lock], () => takeHold(look, index, way));
  if (hold === undefined) {
    kernel.closeDescriptors([lock]);
    noteRefusal(look, index, claiming, way);
    return undefined;
  }
  const claim: PortClaim = {
    session,
    index,
    port,
    label: request.label,
    borrowed: !isInside(segment.slices[slice], index),
    lock,
    hold,
    word: claiming,
    leaked: false,
  };
  // SYNC: only the lock's owner writes the record; publish() makes it known.
  segment.writeClaim(index, {
    processId: process.pid,
    threadId: kernel.threadId,
    slice,
    atMs: look.nowMs,
  });
  segment.writeLabel(index, request.label);
  session.claims.add(claim);
  if (isHeld(claim) && hold.addresses !== 'everywhere') warnOfNarrowHold(session, port);
  return claim;
}

function takeHold({ session, request, misses }: Look, index: number, way: HoldWay): Hold | undefined {
  const { kernel } = session;
  const port = session.segment.ports.at(index);
  if (request.needsUDP && !kernel.udpIsFree(port)) {
    misses.udpTaken.add(index);
    return undefined;
  }
  if (!request.hold) return kernel.checkStrictly(port, request.target);
  const hold = kernel.takeHold(port, request.target);
  if (hold !== undefined || way === 'strict') return hold;
  return kernel.takeHoldOverLeftovers(port, request.target);
}

/**
 * A port that a strict bind was refused keeps its place in the order: it can be had over what is left there. So does one that is
 * taken for UDP, for those who need it for TCP only.
 */
function noteRefusal(
  { session, request, misses }: Look,
  index: number,
  claiming: number,
  way: HoldWay,
): void {
  const isUDPTaken = misses.udpTaken.has(index);
  if (isUDPTaken) misses.strictlyRefused.delete(index);
  if (isUDPTaken || (way === 'strict' && request.hold)) {
    if (!isUDPTaken) misses.strictlyRefused.add(index);
    session.segment.transitionTo(index, claiming, PortState.free);
    return;
  }
  misses.strictlyRefused.delete(index);
  misses.refused.add(index);
  moveToBack(session, index, claiming);
}

/** An error on the way (no descriptors, say) gives everything back before it is thrown. */
function backingOff<T>(
  { kernel, segment }: PoolSession,
  index: number,
  claiming: number,
  descriptors: number[],
  act: () => T,
): T {
  try {
    return act();
  } catch (error) {
    kernel.closeDescriptors(descriptors);
    segment.transitionTo(index, claiming, PortState.free);
    throw error;
  }
}

/** Someone else has this port now: it goes to the end of the order. */
function moveToBack(session: PoolSession, index: number, claiming: number): void {
  Atomics.store(session.segment.releasedAtMs, index, session.nowMs());
  session.segment.transitionTo(index, claiming, PortState.free);
}

/** For the owner of the lock: makes the record ours, whatever it says. */
export function seize({ segment }: PoolSession, index: number): number {
  for (;;) {
    const word = Atomics.load(segment.states, index);
    const claiming = nextClaim(word);
    // Ends: without the lock, others change the word at most once each before they back off.
    if (!segment.transition(index, word, claiming)) continue;
    if (stateOf(word) === PortState.held) segment.addToHeader(HeaderWord.currentClaims, -1);
    return claiming;
  }
}

function isInside(bounds: SliceBounds | undefined, index: number): boolean {
  return bounds !== undefined && index >= bounds.firstIndex && index < bounds.firstIndex + bounds.portCount;
}

function warnOfNarrowHold({ segment }: PoolSession, port: number): void {
  warnOnceInRun(
    segment,
    'PORTSLICE_NARROW_HOLD',
    `Port ${port} is held on the addresses of 'hosts' only, because something else has it on another address; ` +
      "listen(0) can be given it on the other addresses. If your servers listen on 'hosts' only, there is nothing to do; " +
      `else leave out 'hosts' and 'socketAddressFamily', or exclude the port (PORTSLICE_EXCLUDED_PORTS).`,
  );
}
