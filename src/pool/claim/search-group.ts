/**
 * Where a claim of ports that belong together looks: the exact or preferred place; then wherever all of them are free and
 * have rested, from the end of its own slice down, away from where single ports are taken; then those that have not rested;
 * then over its own seals and the ports of the dead. Each time those with a port below 10000 come last. A group can lie in
 * several slices.
 *
 * Ports are taken in ascending order, and a port that cannot be had ends the try at once. So of several that want the same
 * ports, the one that has the highest goes on, and nobody waits while he has any.
 */
import { intersectRanges } from '../../core/port-groups.ts';
import { HIGHEST_PORT, includesPort, LOWEST_PORT, type PortRange } from '../../core/port-range.ts';
import { PortState, stateOf } from '../../core/port-state.ts';
import { RecordWord } from '../../core/segment-layout.ts';
import { FIRST_PREFERRED_PORT, type SliceBounds } from '../../core/slices.ts';
import { livenessOfOnePass } from '../session/liveness.ts';
import type { PortClaim } from '../session/port-claim.ts';
import { claimFree } from './claim.ts';
import { type GroupRequest, isMissed, type Look } from './look.ts';
import { closeOrphans } from './orphans.ts';
import { undoClaim } from './release.ts';
import { raisePressure } from './seals.ts';
import { claimExactly, claimOneOf, latestRestedRelease, withoutOrphans } from './search.ts';
import { sliceOrders } from './slice-orders.ts';

const LOW: PortRange = { firstPort: LOWEST_PORT, lastPort: FIRST_PREFERRED_PORT - 1 };
const PREFERRED: PortRange = { firstPort: FIRST_PREFERRED_PORT, lastPort: HIGHEST_PORT };

type ClaimOne = (look: Look, index: number) => PortClaim | undefined;
/** Whether it is worth to try for the port. */
type IsWanted = (index: number) => boolean;

/** @returns claims that are not published yet, in ascending order of their ports; all or none */
export function findPortGroup(look: Look, group: GroupRequest, thorough: boolean): PortClaim[] | undefined {
  return withoutOrphans(look, () => find(look, group, thorough));
}

function find(look: Look, group: GroupRequest, thorough: boolean): PortClaim[] | undefined {
  const { exactStart, preferredStarts, offsets } = group;
  if (exactStart !== undefined) return claimFrom(look, offsets, exactStart, claimExactly);
  for (const start of preferredStarts) {
    const claims = claimFrom(look, offsets, start, claimMember);
    if (claims !== undefined) return claims;
  }
  const claims = findFree(look, group) ?? reclaim(look, group, thorough);
  if (claims === undefined) raisePressure(look.session);
  return claims;
}

/** Any other place would do: seals stay. */
function claimMember(look: Look, index: number): PortClaim | undefined {
  return claimOneOf(look, [index]);
}

function findFree(look: Look, group: GroupRequest): PortClaim[] | undefined {
  const { segment } = look.session;
  const latestReleaseMs = latestRestedRelease(look);
  const isFree: IsWanted = (index) => stateOf(Atomics.load(segment.states, index)) === PortState.free;
  const hasRested: IsWanted = (index) => Atomics.load(segment.releasedAtMs, index) <= latestReleaseMs;
  return (
    claimAnywhere(look, group, (index) => isFree(index) && hasRested(index), claimFreeMember) ??
    claimAnywhere(look, group, isFree, claimFreeMember)
  );
}

/** The other members leave no choice, so over leftovers at once. */
function claimFreeMember(look: Look, index: number): PortClaim | undefined {
  return claimFree(look, index, 'over-leftovers');
}

/** Also with ports that are not free by their records, but could be in truth. */
function reclaim(look: Look, group: GroupRequest, thorough: boolean): PortClaim[] | undefined {
  const { segment, claims } = look.session;
  closeOrphans(look.session);
  const own = new Map([...claims].map((claim) => [claim.index, claim]));
  const isAlive = livenessOfOnePass();
  const isWanted: IsWanted = (index) => {
    if (own.has(index) || stateOf(Atomics.load(segment.states, index)) === PortState.free) return true;
    return thorough || !isAlive(segment.record(index, RecordWord.threadId));
  };
  return claimAnywhere(look, group, isWanted, claimExactly);
}

function claimAnywhere(
  look: Look,
  group: GroupRequest,
  isWanted: IsWanted,
  claimOne: ClaimOne,
): PortClaim[] | undefined {
  const { ports } = look.session.segment;
  for (const start of possibleStarts(look, group)) {
    const canBeHad = group.offsets.every((offset) => {
      const index = ports.indexOf(start + offset) as number;
      return !isMissed(look.misses, index) && isWanted(index);
    });
    const claims = canBeHad ? claimFrom(look, group.offsets, start, claimOne) : undefined;
    if (claims !== undefined) return claims;
  }
  return undefined;
}

/** Each once. Those with ports where people's own servers live are the last, as for single ports. */
function* possibleStarts(look: Look, { starts, offsets }: GroupRequest): Generator<number> {
  for (const half of [PREFERRED, LOW]) yield* startsIn(look, offsets, intersectRanges(starts, [half]));
}

/** By the slice in which the highest port of the group lies. */
function* startsIn(
  { session, slice }: Look,
  offsets: readonly number[],
  starts: readonly PortRange[],
): Generator<number> {
  if (starts.length === 0) return;
  const { ports, slices } = session.segment;
  const highestOffset = offsets.at(-1) as number;
  for (const which of [slice, ...sliceOrders(session).others(slice)]) {
    const { firstIndex, portCount } = slices[which] as SliceBounds;
    for (let index = firstIndex + portCount - 1; index >= firstIndex; index--) {
      const start = ports.at(index) - highestOffset;
      if (includesPort(starts, start)) yield start;
    }
  }
}

/** All ports of the group from that one on, or none. */
function claimFrom(
  look: Look,
  offsets: readonly number[],
  start: number,
  claimOne: ClaimOne,
): PortClaim[] | undefined {
  const { ports } = look.session.segment;
  const claims: PortClaim[] = [];
  let complete = false;
  try {
    for (const offset of offsets) {
      const index = ports.indexOf(start + offset) as number;
      const claim = claimOne(look, index);
      if (claim === undefined) {
        if (!isMissed(look.misses, index)) look.misses.ownedInRun.add(index);
        return undefined;
      }
      claims.push(claim);
    }
    complete = true;
    return claims;
  } finally {
    if (!complete) claims.forEach(undoClaim);
  }
}
