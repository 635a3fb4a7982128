/** The only place where tests reach into what src/pool keeps to itself; all else goes through its entry and the kernel. */
import { HeaderWord } from '../../src/core/segment-layout.ts';
import type { TCPPortOwner } from '../../src/index.ts';
import { claimOf } from '../../src/pool/api/tcp-port-owner.ts';
import { releaseAll, releaseClaim } from '../../src/pool/claim/release.ts';
import { lastSession, openSessions, type PoolSession } from '../../src/pool/session/pool-session.ts';

/** As a fixture does after a failed test. */
export function releaseSealed(owner: TCPPortOwner): void {
  releaseClaim(claimOf(owner), true);
}

/** What became of the claim. */
export function phaseOf(owner: TCPPortOwner): string {
  return claimOf(owner).phase;
}

/** This thread maps its pools once more on their next use, as a new process would, and keeps no port of them. */
export function forgetPools(exceptHandle?: string): void {
  for (const session of openSessions()) {
    if (session.handle === exceptHandle) continue;
    releaseAll(session, () => true);
    session.close();
  }
}

/** Of the pool that this thread has opened last. */
export interface PoolView {
  /** Grows with every look that finds no port. */
  pressure(): number;
  /** How many ports this thread keeps that no owner of its has. */
  countSealed(): number;
}

export function viewOfLastPool(): PoolView {
  const { segment, claims } = lastSession() as PoolSession;
  return {
    pressure: () => segment.header(HeaderWord.pressure),
    countSealed: () => [...claims].filter(({ phase }) => phase !== 'held').length,
  };
}
