/**
 * Where a claim looks for a port. Free ports that have rested: in its own slice, in slice 0, in the other slices; then
 * those that have not, in the same order; then its own seals and the ports of the dead.
 */
import { PortState, stateOf } from '../../core/port-state.ts';
import { RecordWord } from '../../core/segment-layout.ts';
import { ResourceLimitError } from '../../errors/index.ts';
import { livenessOfOnePass } from '../../platform/liveness.ts';
import { claimFree, claimStale } from './claim.ts';
import type { PortClaim, Search } from './port-claim.ts';
import { freeOneSeal } from './release.ts';
import { raisePressure } from './seals.ts';

/** @param thorough do not believe that a recorded owner lives, ask the kernel about every port */
export function findPort(search: Search, thorough: boolean): PortClaim | undefined {
  const found = findFreeDespiteOrphans(search) ?? reclaim(search, thorough);
  if (found === undefined) raisePressure(search.session);
  return found;
}

/** What terminated threads have left can be what this process has no descriptor for. */
function findFreeDespiteOrphans(search: Search): PortClaim | undefined {
  try {
    return findFree(search);
  } catch (error) {
    if (!(error instanceof ResourceLimitError) || search.session.kernel.closeOrphans() === 0) throw error;
    return findFree(search);
  }
}

function findFree(search: Search): PortClaim | undefined {
  const { session, slice } = search;
  const restedBeforeMs = search.nowMs - session.segment.restMs;
  const own = claimInSlice(search, slice, restedBeforeMs);
  if (own !== undefined) return own;
  const others = session.slicesBeside(slice);
  return (
    claimInSlices(search, others, restedBeforeMs) ??
    claimInSlice(search, slice, Infinity) ??
    claimInSlices(search, others, Infinity)
  );
}

function claimInSlices(
  search: Search,
  slices: readonly number[],
  latestReleaseMs: number,
): PortClaim | undefined {
  for (const slice of slices) {
    const claim = claimInSlice(search, slice, latestReleaseMs);
    if (claim !== undefined) return claim;
  }
  return undefined;
}

function claimInSlice(search: Search, slice: number, latestReleaseMs: number): PortClaim | undefined {
  const { lockedByOtherRuns, listenedOnByStrangers } = search.misses;
  const order = search.session.order(slice);
  order.begin();
  for (let index = order.next(latestReleaseMs); index !== -1; index = order.next(latestReleaseMs)) {
    if (lockedByOtherRuns.has(index) || listenedOnByStrangers.has(index)) continue;
    const claim = claimFree(search, index);
    if (claim !== undefined) return claim;
  }
  return undefined;
}

/** What is not free by its record, but could be in truth. */
function reclaim(search: Search, thorough: boolean): PortClaim | undefined {
  const { session } = search;
  session.kernel.closeOrphans();
  while (freeOneSeal(session)) {
    const claim = findFree(search);
    if (claim !== undefined) return claim;
  }
  return claimFromTheDead(search, thorough);
}

function claimFromTheDead(search: Search, thorough: boolean): PortClaim | undefined {
  const { segment, claims } = search.session;
  const ours = new Set([...claims].map((claim) => claim.index));
  const isAlive = livenessOfOnePass();
  for (let index = 0; index < segment.states.length; index++) {
    if (stateOf(Atomics.load(segment.states, index)) === PortState.free || ours.has(index)) continue;
    if (!thorough && isAlive(segment.record(index, RecordWord.threadId))) continue;
    const claim = claimStale(search, index);
    if (claim !== undefined) return claim;
  }
  return undefined;
}

/** Whether the claim's port is of another slice than the one that it was claimed for. */
export function isBorrowed({ session, slice }: Search, { index }: PortClaim): boolean {
  const bounds = session.segment.slices[slice];
  return bounds === undefined || index < bounds.firstIndex || index >= bounds.firstIndex + bounds.portCount;
}
