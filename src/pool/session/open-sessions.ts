/** The pools that this thread has open. */
import { threadState } from '../../platform/thread-state.ts';
import { inMs, trace } from '../../platform/trace.ts';
import { describePool } from './describe-pool.ts';
import type { PoolSession } from './pool-session.ts';
import type { PortClaim } from './port-claim.ts';

interface OpenSessions {
  readonly byHandle: Map<string, PoolSession>;
  /** Grows whenever a session is opened or closed. */
  changeCount: number;
  /** Its memory can be read also after its end. */
  last?: PoolSession;
}

function thisThread(): OpenSessions {
  return threadState<OpenSessions>('sessions', () => ({ byHandle: new Map(), changeCount: 0 }));
}

export function openSessions(): Iterable<PoolSession> {
  return thisThread().byHandle.values();
}

export function findSession(handle: string): PoolSession | undefined {
  return thisThread().byHandle.get(handle);
}

/** What this thread has claimed and not given back, sealed ports included. */
export function findOwnClaim(port: number): PortClaim | undefined {
  for (const { claims } of openSessions()) {
    for (const claim of claims) if (claim.port === port) return claim;
  }
  return undefined;
}

/** The one that was opened last, open or not. */
export function lastSession(): PoolSession | undefined {
  return thisThread().last;
}

export function countSessionChanges(): number {
  return thisThread().changeCount;
}

export function rememberSession(session: PoolSession): PoolSession {
  const sessions = thisThread();
  sessions.byHandle.set(session.handle, session);
  sessions.last = session;
  sessions.changeCount++;
  return session;
}

/** The caller has released the claims. */
export function closeSession(session: PoolSession): void {
  const sessions = thisThread();
  sessions.byHandle.delete(session.handle);
  sessions.changeCount++;
  session.close();
  trace().pool?.(`closed after ${inMs(session.nowMs())}: ${describePool(session)}`);
}
