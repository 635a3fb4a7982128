/**
 * Which record of which pool belongs to which lock. The kernel decides: whoever has the lock has the port. A record without a lock is
 * of somebody who has ended, and the locks that no record belongs to are of pools that cannot be read.
 */
import { type PortStateName, stateNameOf } from '../../core/port-state.ts';
import { RecordWord } from '../../core/segment-layout.ts';
import type { Segment } from '../../core/segment.ts';
import type { LockedPort, MachineReading } from '../../platform/machine-lookup.ts';
import { platform } from '../../platform/platform.ts';
import type { KnownProcesses } from './known-processes.ts';

export interface LiveClaim {
  readonly segment: Segment;
  readonly index: number;
  readonly port: number;
  readonly state: Exclude<PortStateName, 'free'>;
  /** As it is seen from here; undefined: it cannot be. */
  readonly processId: number | undefined;
  readonly threadId: number;
  readonly slice: number;
  readonly claimedAtMs: number;
}

export interface Matches {
  readonly claims: readonly LiveClaim[];
  readonly otherLocks: readonly LockedPort[];
}

export function matchClaims(
  { locks, showsAllLocks }: Pick<MachineReading, 'locks' | 'showsAllLocks'>,
  segments: readonly Segment[],
  processes: KnownProcesses,
): Matches {
  const lockOf = new Map(locks.map((lock) => [lock.port, lock]));
  const best = new Map<number, LiveClaim>();
  // Their lock comes before the name of its process: until then the record has the one before.
  const begun = new Set<number>();
  for (const segment of segments) {
    for (const claim of readClaims(segment)) {
      const lock = lockOf.get(claim.port);
      if (claim.state === 'claiming') begun.add(claim.port);
      if (lock === undefined ? showsAllLocks || !isRunning(claim) : !isLockOf(lock, claim, processes))
        continue;
      const known = best.get(claim.port);
      // Of one process two pools can have a record; what is older was left there.
      if (known !== undefined && known.claimedAtMs > claim.claimedAtMs) continue;
      best.set(claim.port, { ...claim, processId: lock?.holder.processId ?? idFromHere(claim) });
    }
  }
  const otherLocks = locks.filter(({ port }) => !best.has(port) && !begun.has(port));
  return { claims: [...best.values()], otherLocks };
}

function* readClaims(segment: Segment): Generator<LiveClaim> {
  for (const [index, word] of segment.states.entries()) {
    const state = stateNameOf(word);
    if (state === 'free') continue;
    yield {
      segment,
      index,
      port: segment.ports.at(index),
      state,
      processId: segment.record(index, RecordWord.processId),
      threadId: segment.record(index, RecordWord.threadId),
      slice: segment.record(index, RecordWord.slice) >>> 0,
      claimedAtMs: Math.round(segment.startEpochMs + segment.record(index, RecordWord.claimedAtMs)),
    };
  }
}

/** Of a process that is hidden only its record tells, if that is of somebody who lives. */
function isLockOf({ holder }: LockedPort, claim: LiveClaim, processes: KnownProcesses): boolean {
  const { processId } = holder;
  if (processId === undefined) return isRunning(claim) || isOfOtherNamespace(claim.segment);
  return processId === claim.processId || processes.innerIdOf(processId) === claim.processId;
}

/** Undefined where its number is that of another process namespace. */
function idFromHere(claim: LiveClaim): number | undefined {
  return isOfOtherNamespace(claim.segment) ? undefined : claim.processId;
}

function isRunning({ processId }: LiveClaim): boolean {
  return processId !== undefined && platform.isRunning(processId);
}

/** The creator of a live pool lives: where it has no such number, numbers of the pool are those of another process namespace. */
function isOfOtherNamespace({ creatorProcessId }: Segment): boolean {
  return !platform.isRunning(creatorProcessId);
}
