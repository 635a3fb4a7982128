/** Claims ports at once, or waits for them. Several are claimed all or none, so that two tests cannot wait for each other. */
import { HeaderWord, RecordWord } from '../../core/segment-layout.ts';
import { blockMs, monotonicMs, pause } from '../../platform/clock.ts';
import { platform } from '../../platform/platform.ts';
import { inMs } from '../../platform/trace.ts';
import type { PoolSession } from '../session/pool-session.ts';
import type { PortClaim } from '../session/port-claim.ts';
import { allMisses, type Claimant, type Look, startLook } from './look.ts';
import { publish } from './publish.ts';
import { refusal } from './refusal.ts';
import { undoClaim } from './release.ts';
import { findPortGroup } from './search-group.ts';
import { findPort } from './search.ts';
import { traceClaims, traceFailure, traceWait } from './trace-claims.ts';

/** A port that is being released is free after some ms. */
const SECOND_LOOK_AFTER_MS = 8;
/**
 * From its fork to its exec a child has copies of our descriptors, so that what we have given back stays locked: for some
 * ms, but for much of a second where the process is large and the machine busy. We keep retrying while such a child exists,
 * and briefly after it was last seen: it is in no list before the fork is done, and closes a little after the exec.
 */
const CHILD_PATIENCE_MS = 5000;
const UNSEEN_CHILD_PATIENCE_MS = 250;
const LONGEST_STEP_MS = 64;
const FIRST_POLL_MS = 2;
const LAST_POLL_MS = 30;
/** Every eighth poll ignores the records and asks the kernel. */
const THOROUGH_EVERY = 8;

export interface Wait {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** No port is free at once. */
  readonly onWait?: (() => void) | undefined;
}

/** @throws PortPoolExhaustedError, PortTakenError */
export function claimNow(claimant: Claimant): PortClaim {
  const startMs = monotonicMs();
  try {
    return lookNow(claimant, startMs);
  } catch (error) {
    traceFailure(claimant, startMs, error);
    throw error;
  }
}

function lookNow(claimant: Claimant, startMs: number): PortClaim {
  let childSeenMs = startMs;
  let isLast = false;
  for (let stepMs = 0; ; stepMs = Math.min(2 * stepMs || SECOND_LOOK_AFTER_MS, LONGEST_STEP_MS)) {
    const look = startLook(claimant);
    const claims = claimAll(look, 1, stepMs > 0);
    if (claims !== undefined) {
      traceClaims(claims, startMs, stepMs > 0);
      return claims[0] as PortClaim;
    }
    if (isLast) throw refusal(look, 1, 0);
    const missed = allMisses(look.misses);
    // Asked before the wait: a child that has got to its exec by now closes its copies at once.
    const childMayHaveIt = missed.length > 0 && hasChildBeforeExec(claimant.session, missed);
    const nowMs = monotonicMs();
    if (childMayHaveIt) childSeenMs = nowMs;
    isLast =
      missed.length === 0 ||
      nowMs - childSeenMs > UNSEEN_CHILD_PATIENCE_MS ||
      nowMs - startMs > CHILD_PATIENCE_MS;
    if (stepMs === 0) traceWait(look, 'it looks again at once');
    blockMs(stepMs || SECOND_LOOK_AFTER_MS);
  }
}

/** Whether a process that had one of the ports last has a child that may still have copies of its descriptors. */
function hasChildBeforeExec({ segment }: PoolSession, indexes: readonly number[]): boolean {
  const lastOwners = indexes.map((index) => segment.record(index, RecordWord.processId));
  return platform.hasChildBeforeExec(new Set(lastOwners.filter((processId) => processId > 0)));
}

/** @throws PortPoolExhaustedError, PortTakenError after `timeoutMs`; the signal's reason when it is aborted */
export async function claimEventually(
  claimant: Claimant,
  count: number,
  { timeoutMs, signal, onWait }: Wait,
): Promise<PortClaim[]> {
  const { session } = claimant;
  const startMs = monotonicMs();
  try {
    for (let poll = 0; ; poll++) {
      signal?.throwIfAborted();
      session.assertOpen();
      const leftMs = startMs + timeoutMs - monotonicMs();
      const look = startLook(claimant);
      const claims = claimAll(look, count, leftMs <= 0 || poll % THOROUGH_EVERY === 1);
      if (claims !== undefined) {
        traceClaims(claims, startMs, poll > 0);
        return claims;
      }
      if (poll === 0) {
        noteWait(look, timeoutMs);
        onWait?.();
      }
      // Never without a second look, however short the time-out.
      if (leftMs <= 0 && poll > 0) throw refusal(look, count, monotonicMs() - startMs);
      await pause(Math.max(FIRST_POLL_MS, Math.min(pollMs(poll), leftMs)), signal);
    }
  } catch (error) {
    traceFailure(claimant, startMs, error);
    throw error;
  }
}

function noteWait(look: Look, timeoutMs: number): void {
  traceWait(look, `it waits up to ${inMs(timeoutMs)}`);
  look.session.segment.addToHeader(HeaderWord.waits, 1);
}

/** Jitter keeps workers that started together from polling together. */
function pollMs(poll: number): number {
  return Math.min(LAST_POLL_MS, FIRST_POLL_MS * 1.5 ** poll) * (0.5 + Math.random());
}

/** All of them, published, or undefined. A group comes in ascending order. */
function claimAll(look: Look, count: number, thorough: boolean): PortClaim[] | undefined {
  const { group } = look.request;
  const claims =
    group === undefined ? findSeveral(look, count, thorough) : findPortGroup(look, group, thorough);
  if (claims !== undefined) publish(look.session, claims);
  return claims;
}

function findSeveral(look: Look, count: number, thorough: boolean): PortClaim[] | undefined {
  const claims: PortClaim[] = [];
  let complete = false;
  try {
    while (claims.length < count) {
      const claim = findPort(look, thorough);
      if (claim === undefined) return undefined;
      claims.push(claim);
    }
    complete = true;
    return claims;
  } finally {
    if (!complete) claims.forEach(undoClaim);
  }
}
