/** The only place where tests reach into what src/pool keeps to itself; all else goes through its entry and the kernel. */
import { inspect } from 'node:util';
import { HeaderWord } from '../../src/core/segment-layout.ts';
import type { TCPPortOwner } from '../../src/index.ts';
import { releaseAll, releaseClaim } from '../../src/pool/claim/release.ts';
import { closeSession, lastSession, openSessions } from '../../src/pool/session/open-sessions.ts';
import type { PoolSession } from '../../src/pool/session/pool-session.ts';
import { claimState, type PortClaim } from '../../src/pool/session/port-claim.ts';

/** As a fixture does after a failed test. */
export function releaseSealed(owner: TCPPortOwner): void {
  releaseClaim(claimOf(owner), true);
}

/** What a fixture knows and an owner does not show. */
function claimOf({ port }: TCPPortOwner): PortClaim {
  for (const session of openSessions()) {
    for (const claim of session.claims) if (claim.port === port) return claim;
  }
  throw new Error(`this thread has no claim of port ${port}`);
}

/** What became of the port: held, sealed, leaked or free. */
export function stateOfOwner(owner: TCPPortOwner): string {
  return /\((\w+)/.exec(inspect(owner))?.[1] ?? 'unknown';
}

/** This thread maps its pools once more on their next use, as a new process would, and keeps no port of them. */
export function forgetPools(exceptHandle?: string): void {
  for (const session of openSessions()) {
    if (session.handle === exceptHandle) continue;
    releaseAll(session, () => true);
    closeSession(session);
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
    countSealed: () => [...claims].filter((claim) => claimState(claim) === 'sealed').length,
  };
}
