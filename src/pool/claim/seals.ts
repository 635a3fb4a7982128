/**
 * Sealed ports: kept from everybody after their test. Only the process that has sealed a port can free it. Whoever finds no
 * free port raises the pool's pressure; a thread with seals looks at it from time to time and frees one.
 */
import { PortState } from '../../core/port-state.ts';
import { HeaderWord } from '../../core/segment-layout.ts';
import { startInterval, stopInterval } from '../../platform/clock.ts';
import type { PoolSession } from '../session/pool-session.ts';
import { claimState, type PortClaim } from '../session/port-claim.ts';
import { freeClaim, moveTo } from './free.ts';
import { stillListens } from './probe.ts';
import { traceUnsealing } from './trace-claims.ts';

const LOOK_EVERY_MS = 50;
const NONE: ReadonlySet<number> = new Set();

/** For a port whose test failed: nobody can listen on it any more. */
export function sealClaim(claim: PortClaim): void {
  keepSealed(claim, !replaceHold(claim));
}

/** For a port on which something still listens: nobody else is given it. */
export function keepLeaked(claim: PortClaim): void {
  keepSealed(claim, true);
}

function keepSealed(claim: PortClaim, leaked: boolean): void {
  claim.leaked = leaked;
  moveTo(claim, PortState.sealed);
  watchForPressure(claim.session);
}

/** Puts the strict hold in place of the shared one. False if a server was quick enough to listen in between. */
function replaceHold(claim: PortClaim): boolean {
  const { session, port, hold } = claim;
  session.kernel.closeDescriptors(hold.descriptors);
  claim.hold = { kind: 'checked', descriptors: [], addresses: hold.addresses };
  try {
    const descriptors = session.kernel.takeSeal(port, hold.addresses);
    if (descriptors !== undefined) claim.hold = { kind: 'held', descriptors, addresses: hold.addresses };
    return descriptors !== undefined;
  } catch {
    // As with the probe. The lock stays, so that at least nobody is given the port.
    return false;
  }
}

/**
 * Frees a sealed port of this thread on which nothing listens, the earliest claimed first. False if there is none.
 * @param spared indexes of ports that stay sealed
 */
export function freeOneSeal(session: PoolSession, spared: ReadonlySet<number> = NONE): boolean {
  for (const claim of session.claims) if (!spared.has(claim.index) && freeSeal(claim)) return true;
  return false;
}

/** Frees the port if it is sealed and nothing listens on it. */
export function freeSeal(claim: PortClaim): boolean {
  if (claimState(claim) !== 'sealed' || (claim.leaked && stillListens(claim))) return false;
  traceUnsealing(claim);
  freeClaim(claim);
  return true;
}

export function raisePressure({ segment }: PoolSession): void {
  segment.addToHeader(HeaderWord.pressure, 1);
}

/** Ends by itself when nothing is sealed any more, and never keeps the process alive. */
function watchForPressure(session: PoolSession): void {
  const watch = session.keep('pressure-watch', () => ({ isRunning: false }));
  if (watch.isRunning) return;
  watch.isRunning = true;
  let seen = session.segment.header(HeaderWord.pressure);
  const timer = startInterval(() => {
    const pressure = session.isClosed ? seen : session.segment.header(HeaderWord.pressure);
    if (pressure !== seen) freeOneSeal(session);
    seen = pressure;
    if (!session.isClosed && hasSeals(session)) return;
    stopInterval(timer);
    watch.isRunning = false;
  }, LOOK_EVERY_MS);
  timer.unref();
}

function hasSeals(session: PoolSession): boolean {
  for (const claim of session.claims) if (claimState(claim) === 'sealed') return true;
  return false;
}
