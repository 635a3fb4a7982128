/** From which pool and slice this thread allocates when nobody says otherwise. */
import { PortsliceError } from '../../errors/index.ts';
import { publishedPoolHandle } from '../../platform/environment.ts';
import { threadState } from '../../platform/thread-state.ts';
import { attachSession } from './attach-session.ts';
import { createSession } from './create-session.ts';
import { countSessionChanges, lastSession } from './open-sessions.ts';
import type { PoolSession } from './pool-session.ts';
import { findServerPorts } from './server-ports.ts';
import { takeSlice } from './slice-owners.ts';
import { warnOnce } from './warnings.ts';
import { workerHint } from './worker-hint.ts';

export interface SessionSlice {
  readonly session: PoolSession;
  readonly slice: number;
}

export const DEFAULT_REST_MS = 60_000;

interface Current extends SessionSlice {
  /** The published handle at the time: if it changes, so does the pool. */
  readonly publishedHandle: string | undefined;
  /** Of the sessions of this thread until then. */
  readonly changes: number;
}

function thisThread(): { current?: Current } {
  return threadState('current', () => ({}));
}

/** @throws what creating a private pool throws */
export function currentSlice(): SessionSlice {
  const holder = thisThread();
  const { current } = holder;
  if (current !== undefined && isStillRight(current)) return current;
  const publishedHandle = publishedPoolHandle();
  holder.current = { ...chooseSlice(publishedHandle), publishedHandle, changes: countSessionChanges() };
  return holder.current;
}

/** Reading the environment is slow, so within a run it is read only after this thread opened or closed a session. */
function isStillRight({ session, publishedHandle, changes }: Current): boolean {
  if (session.isClosed) return false;
  const isOfRun = session.handle === publishedHandle && changes === countSessionChanges();
  return isOfRun || publishedHandle === publishedPoolHandle();
}

/** The pool from which this thread allocates or, where it never did and is part of no run, the one that it knew last. */
export function sessionToReport(): PoolSession {
  if (hasRunPool()) return currentSlice().session;
  return thisThread().current?.session ?? lastSession() ?? currentSlice().session;
}

/** Whether this thread can allocate from the pool of that handle. If not, the user is told why. */
export function canAttach(handle: string): boolean {
  return attachOrWarn(handle) !== undefined;
}

/** Whether this thread allocates, or would allocate, from the pool of a run. */
export function hasRunPool(): boolean {
  const { current } = thisThread();
  // It goes on with the run's pool also when a test takes the handle out of the environment.
  const handle =
    current !== undefined && isStillRight(current) ? current.publishedHandle : publishedPoolHandle();
  return handle !== undefined;
}

function chooseSlice(handle: string | undefined): SessionSlice {
  const session = handle === undefined ? undefined : attachOrWarn(handle);
  if (session === undefined) return { session: privatePool(), slice: 0 };
  return { session, slice: takeSlice(session, workerHint(session.segment.creatorProcessId) ?? 0) };
}

function attachOrWarn(handle: string): PoolSession | undefined {
  try {
    return attachSession(handle);
  } catch (error) {
    if (!(error instanceof PortsliceError) || !error.code.startsWith('PORTSLICE_POOL')) throw error;
    warnOnce('PORTSLICE_POOL_UNUSABLE', `${error.message} This process uses a private pool.`);
    return undefined;
  }
}

/** Of this thread alone; the locks keep its ports apart from everybody else's. */
export function privatePool(): PoolSession {
  const holder = threadState<{ session?: PoolSession }>('private-pool', () => ({}));
  if (holder.session === undefined || holder.session.isClosed) {
    holder.session = createSession({
      findPorts: findServerPorts,
      workers: 0,
      restMs: DEFAULT_REST_MS,
      isPrivate: true,
    });
  }
  return holder.session;
}
