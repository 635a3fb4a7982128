/** Where a claim looks for a port: its own slice, slice 0, the other slices, its own seals, the ports of the dead. */
import { PortState, stateOf } from '../core/port-state.ts';
import { RecordWord } from '../core/segment-layout.ts';
import { isAlive } from '../platform/liveness.ts';
import { claimFree, claimStale, type Misses } from './claim.ts';
import type { PoolSession } from './pool-session.ts';
import type { ClaimRequest, PortClaim } from './port-claim.ts';
import { freeOldestSeal } from './release.ts';
import { raisePressure } from './seals.ts';

export interface Search {
  readonly session: PoolSession;
  readonly slice: number;
  readonly request: ClaimRequest;
}

/** `thorough`: do not believe that a recorded owner lives, ask the kernel about every port. */
export function findPort(search: Search, misses: Misses, thorough: boolean): PortClaim | undefined {
  const { session, slice } = search;
  const own = claimInSlice(search, slice, misses);
  if (own !== undefined) return own;
  const found = borrow(search, misses) ?? reclaim(search, misses, thorough);
  if (found === undefined) raisePressure(session);
  return found;
}

function claimInSlice(
  { session, slice: claimant, request }: Search,
  slice: number,
  misses: Misses,
): PortClaim | undefined {
  const order = session.order(slice);
  order.begin();
  for (let index = order.next(); index !== -1; index = order.next()) {
    const claim = claimFree(session, claimant, index, request, misses);
    if (claim !== undefined) return claim;
  }
  return undefined;
}

function borrow(search: Search, misses: Misses): PortClaim | undefined {
  const sliceCount = search.session.segment.slices.length;
  const others = Array.from({ length: sliceCount }, (_, step) => (search.slice + step) % sliceCount).slice(1);
  for (const slice of search.slice === 0 ? others : [0, ...others.filter((other) => other !== 0)]) {
    const claim = claimInSlice(search, slice, misses);
    if (claim !== undefined) return claim;
  }
  return undefined;
}

/** What is not free by its record, but could be in truth. */
function reclaim(search: Search, misses: Misses, thorough: boolean): PortClaim | undefined {
  const { session } = search;
  session.kernel.closeOrphans();
  while (freeOldestSeal(session)) {
    const claim = claimInSlice(search, search.slice, misses) ?? borrow(search, misses);
    if (claim !== undefined) return claim;
  }
  return claimFromTheDead(search, misses, thorough);
}

function claimFromTheDead(
  { session, slice, request }: Search,
  misses: Misses,
  thorough: boolean,
): PortClaim | undefined {
  const { states } = session.segment;
  const ours = new Set([...session.claims].map((claim) => claim.index));
  const alive = new Map<number, boolean>();
  for (let index = 0; index < states.length; index++) {
    if (stateOf(Atomics.load(states, index)) === PortState.free || ours.has(index)) continue;
    const owner = session.segment.record(index, RecordWord.threadId);
    if (!alive.has(owner)) alive.set(owner, isAlive(owner));
    if (alive.get(owner) === true && !thorough) continue;
    const claim = claimStale(session, slice, index, request, misses);
    if (claim !== undefined) return claim;
  }
  return undefined;
}

/** Whether the claim's port is of another slice than the one that was searched for. */
export function isBorrowed({ session, slice }: Search, { index }: PortClaim): boolean {
  const bounds = session.segment.slices[slice];
  return bounds === undefined || index < bounds.firstIndex || index >= bounds.firstIndex + bounds.portCount;
}
