/** Claims ports at once, or waits for them. Several are claimed all or none, so that two tests cannot wait for each other. */
import { HeaderWord, RecordWord } from '../../core/segment-layout.ts';
import { blockMs, monotonicMs, pause } from '../../platform/clock.ts';
import { platform } from '../../platform/platform.ts';
import type { PoolSession } from '../session/pool-session.ts';
import { handOut } from './claim.ts';
import { exhausted } from './exhaustion.ts';
import type { Misses, PortClaim, Search } from './port-claim.ts';
import { undoClaim } from './release.ts';
import { findPort, isBorrowed } from './search.ts';

/** A port that is being released is free after some ms. */
const SECOND_LOOK_AFTER_MS = 8;
/**
 * A child has copies of our descriptors from its fork to its exec, so that what we have given back stays locked: for
 * some ms, but for much of a second where the process is big and the machine busy. So long we look while there is such a
 * child, and until none was seen for some time: it is in no list before the fork is done, and closes a little after the exec.
 */
const CHILD_PATIENCE_MS = 5000;
const UNSEEN_CHILD_PATIENCE_MS = 250;
const LONGEST_STEP_MS = 64;
const FIRST_POLL_MS = 2;
const LAST_POLL_MS = 30;
/** Every so many polls nothing in the records is believed. */
const THOROUGH_EVERY = 8;

export interface Wait {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Who wants ports. */
export type Claimant = Omit<Search, 'misses' | 'nowMs'>;

/** @throws PortPoolExhaustedError */
export function claimNow(claimant: Claimant): PortClaim {
  const startMs = monotonicMs();
  let childSeenMs = startMs;
  let isLast = false;
  for (let stepMs = 0; ; stepMs = Math.min(2 * stepMs || SECOND_LOOK_AFTER_MS, LONGEST_STEP_MS)) {
    const result = claimAll(claimant, 1, stepMs > 0);
    if ('claims' in result) return result.claims[0] as PortClaim;
    if (isLast) throw exhausted(claimant.session, 1, result.misses, 0);
    const missed = [...result.misses.lockedByOtherRuns, ...result.misses.listenedOnByStrangers];
    // Asked before the wait: a child that has got to its exec by now closes its copies at once.
    const childMayHaveIt = missed.length > 0 && hasChildBeforeExec(claimant.session, missed);
    const nowMs = monotonicMs();
    if (childMayHaveIt) childSeenMs = nowMs;
    isLast =
      missed.length === 0 ||
      nowMs - childSeenMs > UNSEEN_CHILD_PATIENCE_MS ||
      nowMs - startMs > CHILD_PATIENCE_MS;
    blockMs(stepMs || SECOND_LOOK_AFTER_MS);
  }
}

/** Whether a process that had one of the ports last has a child that may still have copies of its descriptors. */
function hasChildBeforeExec({ segment }: PoolSession, indexes: readonly number[]): boolean {
  const lastOwners = new Set(indexes.map((index) => segment.record(index, RecordWord.processId)));
  return [...lastOwners].some((processId) => processId > 0 && platform.hasChildBeforeExec(processId));
}

/** @throws PortPoolExhaustedError after `timeoutMs`; the signal's reason when it is aborted */
export async function claimEventually(
  claimant: Claimant,
  count: number,
  { timeoutMs, signal }: Wait,
): Promise<PortClaim[]> {
  const { session } = claimant;
  const startMs = monotonicMs();
  for (let poll = 0; ; poll++) {
    signal?.throwIfAborted();
    session.assertOpen();
    const leftMs = startMs + timeoutMs - monotonicMs();
    const result = claimAll(claimant, count, leftMs <= 0 || poll % THOROUGH_EVERY === 1);
    if ('claims' in result) return result.claims;
    if (poll === 0) session.segment.addToHeader(HeaderWord.waits, 1);
    // Never without a second look, however short the time-out.
    if (leftMs <= 0 && poll > 0) throw exhausted(session, count, result.misses, monotonicMs() - startMs);
    await pause(Math.max(FIRST_POLL_MS, Math.min(pollMs(poll), leftMs)), signal);
  }
}

/** Jitter keeps workers that started together from polling together. */
function pollMs(poll: number): number {
  return Math.min(LAST_POLL_MS, FIRST_POLL_MS * 1.5 ** poll) * (0.5 + Math.random());
}

function claimAll(
  claimant: Claimant,
  count: number,
  thorough: boolean,
): { claims: PortClaim[] } | { misses: Misses } {
  const { session, slice, request } = claimant;
  const misses = session.takeMisses();
  const search: Search = { session, slice, request, misses, nowMs: session.nowMs() };
  const claims: PortClaim[] = [];
  let complete = false;
  try {
    while (claims.length < count) {
      const claim = findPort(search, thorough);
      if (claim === undefined) return { misses };
      claims.push(claim);
    }
    complete = true;
  } finally {
    if (!complete) claims.forEach(undoClaim);
  }
  let borrowedCount = 0;
  for (const claim of claims) if (isBorrowed(search, claim)) borrowedCount++;
  handOut(session, claims, borrowedCount);
  return { claims };
}
