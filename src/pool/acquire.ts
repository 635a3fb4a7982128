/** Claims ports at once, or waits for them. Several are claimed all or none, so that two tests cannot wait for each other. */
import { HeaderWord } from '../core/segment-layout.ts';
import { blockMs, monotonicMs, pause } from '../platform/clock.ts';
import { countClaims } from './claim.ts';
import { exhausted } from './exhaustion.ts';
import type { Misses, PortClaim, Search } from './port-claim.ts';
import { undoClaim } from './release.ts';
import { findPort, isBorrowed } from './search.ts';

/** A port that is being released, or whose descriptors a forked child holds until its exec, is free after some ms. */
const SECOND_LOOK_AFTER_MS = 8;
const FIRST_POLL_MS = 2;
const LAST_POLL_MS = 30;
/** Every so many polls nothing in the records is believed. */
const THOROUGH_EVERY = 8;

export interface Wait {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Who wants ports. */
export type Claimant = Omit<Search, 'misses'>;

/** @throws PortPoolExhaustedError */
export function claimNow(claimant: Claimant): PortClaim {
  const first = claimAll(claimant, 1, false);
  if ('claims' in first) return first.claims[0] as PortClaim;
  blockMs(SECOND_LOOK_AFTER_MS);
  const second = claimAll(claimant, 1, true);
  if ('claims' in second) return second.claims[0] as PortClaim;
  throw exhausted(claimant.session, 1, second.misses, 0);
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

export function claimAll(
  claimant: Claimant,
  count: number,
  thorough: boolean,
): { claims: PortClaim[] } | { misses: Misses } {
  const misses: Misses = { lockedByOtherRuns: new Set(), listenedOnByStrangers: new Set() };
  const search: Search = { ...claimant, misses };
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
  countClaims(search.session, claims, claims.filter((claim) => isBorrowed(search, claim)).length);
  return { claims };
}
