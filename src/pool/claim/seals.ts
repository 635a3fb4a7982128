/**
 * Sealed ports can only be freed by the process that has sealed them. Whoever finds no free port raises the pool's
 * pressure; a thread with seals looks at it from time to time and frees one.
 */
import { HeaderWord } from '../../core/segment-layout.ts';
import { startInterval, stopInterval } from '../../platform/clock.ts';
import type { PoolSession } from '../session/pool-session.ts';

const LOOK_EVERY_MS = 50;

export function raisePressure({ segment }: PoolSession): void {
  segment.addToHeader(HeaderWord.pressure, 1);
}

/** Ends by itself when nothing is sealed any more, and never keeps the process alive. */
export function watchForPressure(session: PoolSession, freeOne: (session: PoolSession) => boolean): void {
  if (session.isWatchingPressure) return;
  session.isWatchingPressure = true;
  let seen = session.segment.header(HeaderWord.pressure);
  const timer = startInterval(() => {
    const pressure = session.isClosed ? seen : session.segment.header(HeaderWord.pressure);
    if (pressure !== seen) freeOne(session);
    seen = pressure;
    if (!session.isClosed && hasSeals(session)) return;
    stopInterval(timer);
    session.isWatchingPressure = false;
  }, LOOK_EVERY_MS);
  timer.unref();
}

function hasSeals(session: PoolSession): boolean {
  for (const claim of session.claims) if (claim.phase !== 'held') return true;
  return false;
}
