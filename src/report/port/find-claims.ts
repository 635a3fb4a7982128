/** What the live pools of this machine say of locked ports: for which test, of which run. */
import type { AnnouncedMemory, LockedPort } from '../../platform/machine-lookup.ts';
import { copyPools } from '../status/copied-pools.ts';
import type { KnownProcesses } from '../status/known-processes.ts';
import { type LiveClaim, matchClaims } from '../status/live-claims.ts';
import type { ClaimReport } from './port-report.ts';

/**
 * By port; only of pools that this user may read. Takes milliseconds for each pool.
 * @param locks those of the ports that are asked for
 */
export function findClaims(
  memories: readonly AnnouncedMemory[],
  locks: readonly LockedPort[],
  processes: KnownProcesses,
): ReadonlyMap<number, ClaimReport> {
  if (locks.length === 0) return new Map();
  const pools = copyPools(memories);
  const segments = pools.flatMap(({ segment }) => segment ?? []);
  // Only what is locked counts, whatever else the system shows.
  const { claims } = matchClaims({ locks, showsAllLocks: true }, segments, processes);
  return new Map(
    claims.map((claim) => {
      const { creator = {} } = pools.find(({ segment }) => segment === claim.segment) ?? {};
      return [claim.port, { ...describe(claim), runProcess: processes.describe(creator) }];
    }),
  );
}

function describe({ segment, index, state, slice, claimedAtMs }: LiveClaim): Omit<ClaimReport, 'runProcess'> {
  return { state, label: segment.readLabel(index), slice, claimedAtMs, runId: segment.runId };
}
