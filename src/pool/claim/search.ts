/**
 * Where a claim looks for a port. The exact or preferred ones; free ports that have rested: in its own slice, in slice 0, in
 * the other slices; then those that have not, in the same order; those once more over leftovers; then its own seals and the
 * ports of the dead.
 */
import { PortState, stateOf } from '../../core/port-state.ts';
import { RecordWord } from '../../core/segment-layout.ts';
import { ResourceLimitError } from '../../errors/index.ts';
import { livenessOfOnePass } from '../session/liveness.ts';
import { type PortClaim } from '../session/port-claim.ts';
import { claimFree, claimStale, type HoldWay } from './claim.ts';
import { isMissed, type Look } from './look.ts';
import { closeOrphans } from './orphans.ts';
import { freeOneSeal, freeSeal, raisePressure } from './seals.ts';
import { sliceOrders } from './slice-orders.ts';

/** A strict bind of each of a thousand ports in TIME_WAIT takes 15 ms; of these few it takes nothing that anybody notices. */
const MAX_STRICTLY_REFUSED = 16;

/**
 * @param thorough do not believe that a recorded owner lives, ask the kernel about every port
 * @returns a claim that is not published yet
 */
export function findPort(look: Look, thorough: boolean): PortClaim | undefined {
  return withoutOrphans(look, () => find(look, thorough));
}

/** Terminated threads may have left the descriptors that this process has none of: then once more without them. */
export function withoutOrphans<T>({ session }: Look, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof ResourceLimitError) || closeOrphans(session) === 0) throw error;
    return act();
  }
}

function find(look: Look, thorough: boolean): PortClaim | undefined {
  const { exactIndex, preferredIndexes } = look.request;
  if (exactIndex !== undefined) return claimExactly(look, exactIndex);
  const claim = claimPreferred(look, preferredIndexes) ?? findFree(look) ?? reclaim(look, thorough);
  if (claim === undefined) raisePressure(look.session);
  return claim;
}

/** Nothing else will do: seals are broken for it. */
export function claimExactly(look: Look, index: number): PortClaim | undefined {
  const { session } = look;
  const ours = [...session.claims].find((claim) => claim.index === index);
  if (ours !== undefined && !freeSeal(ours)) return undefined;
  const state = stateOf(Atomics.load(session.segment.states, index));
  const claim = claimOneOf(look, [index]);
  // Another thread of the run may have sealed it, and lets go of its seals under pressure.
  if (claim === undefined && state === PortState.sealed) raisePressure(session);
  return claim;
}

/** Any other port would do: seals stay. */
function claimPreferred(look: Look, indexes: readonly number[]): PortClaim | undefined {
  return indexes.length === 0 ? undefined : claimOneOf(look, indexes);
}

/** The first of them that can be had, whatever its record says. */
export function claimOneOf(look: Look, indexes: readonly number[]): PortClaim | undefined {
  const { segment } = look.session;
  for (let hasLooked = false; ; hasLooked = true) {
    for (const index of indexes) {
      const isFree = stateOf(Atomics.load(segment.states, index)) === PortState.free;
      const claim = isFree ? claimFree(look, index, 'over-leftovers') : claimStale(look, index);
      if (claim !== undefined) return claim;
    }
    // A terminated thread of this process may have left one of them.
    if (hasLooked || closeOrphans(look.session) === 0) return undefined;
  }
}

function findFree(look: Look): PortClaim | undefined {
  const strict = claimInOrder(look, 'strict');
  const { strictlyRefused } = look.misses;
  if (strict !== undefined || !look.request.hold || strictlyRefused.size === 0) return strict;
  // A refused port leaves the set while it is gone through, which a set allows.
  for (const index of strictlyRefused) {
    const claim = claimFree(look, index, 'over-leftovers');
    if (claim !== undefined) return claim;
  }
  return claimInOrder(look, 'over-leftovers');
}

function claimInOrder(look: Look, way: HoldWay): PortClaim | undefined {
  const { session, slice } = look;
  const others = sliceOrders(session).others(slice);
  const latestReleaseMs = latestRestedRelease(look);
  return (
    claimInSlice(look, slice, latestReleaseMs, way) ??
    claimInSlices(look, others, latestReleaseMs, way) ??
    claimInSlice(look, slice, Infinity, way) ??
    claimInSlices(look, others, Infinity, way)
  );
}

/** A port that was released then, or never (0), has rested by now. */
export function latestRestedRelease({ session, nowMs }: Look): number {
  return Math.max(0, nowMs - session.segment.restMs);
}

function claimInSlices(
  look: Look,
  slices: readonly number[],
  latestReleaseMs: number,
  way: HoldWay,
): PortClaim | undefined {
  for (const slice of slices) {
    const claim = claimInSlice(look, slice, latestReleaseMs, way);
    if (claim !== undefined) return claim;
  }
  return undefined;
}

function claimInSlice(
  look: Look,
  slice: number,
  latestReleaseMs: number,
  way: HoldWay,
): PortClaim | undefined {
  const { session, request, misses } = look;
  if (way === 'strict' && isEnough(look)) return undefined;
  const order = sliceOrders(session).order(slice);
  order.begin();
  for (let index = order.next(latestReleaseMs); index !== -1; index = order.next(latestReleaseMs)) {
    // Others can want what is excluded here, or taken for UDP.
    if (request.excludedIndexes.has(index) || misses.udpTaken.has(index)) {
      order.skip(index);
      continue;
    }
    if (isMissed(misses, index)) continue;
    const claim = claimFree(look, index, way);
    if (claim !== undefined) return claim;
    if (misses.udpTaken.has(index)) order.skip(index);
    if (way === 'strict' && isEnough(look)) return undefined;
  }
  return undefined;
}

function isEnough({ misses }: Look): boolean {
  return misses.strictlyRefused.size >= MAX_STRICTLY_REFUSED;
}

/** What is not free by its record, but could be in truth. */
function reclaim(look: Look, thorough: boolean): PortClaim | undefined {
  const { session } = look;
  closeOrphans(session);
  while (freeOneSeal(session, look.request.excludedIndexes)) {
    const claim = findFree(look);
    if (claim !== undefined) return claim;
  }
  return claimFromTheDead(look, thorough);
}

function claimFromTheDead(look: Look, thorough: boolean): PortClaim | undefined {
  const { segment, claims } = look.session;
  const skipped = new Set(look.request.excludedIndexes);
  for (const { index } of claims) skipped.add(index);
  const isAlive = livenessOfOnePass();
  for (let index = 0; index < segment.states.length; index++) {
    if (stateOf(Atomics.load(segment.states, index)) === PortState.free || skipped.has(index)) continue;
    if (!thorough && isAlive(segment.record(index, RecordWord.threadId))) continue;
    const claim = claimStale(look, index);
    if (claim !== undefined) return claim;
  }
  return undefined;
}
