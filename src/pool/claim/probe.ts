/** Tells whether a port that is used no more is still listened on. */
import { blockMs } from '../../platform/clock.ts';
import { platform } from '../../platform/platform.ts';
import type { Listener } from '../../platform/port-kernel.ts';
import { isHeld, type PortClaim } from '../session/port-claim.ts';

/**
 * Whether anything still listens. A failed probe counts as no: a release must succeed, even without a descriptor for the
 * probe, or with its address gone from this machine.
 * @param closesNow the hold is closed as soon as nothing listens: then it can be the probe itself
 */
export function stillListens(claim: PortClaim, closesNow = false): boolean {
  const { port, hold } = claim;
  const { kernel } = claim.session;
  try {
    return closesNow && isHeld(claim)
      ? kernel.somethingListensBeside(hold)
      : kernel.somethingListens(port, hold.addresses);
  } catch {
    return false;
  }
}

/** 127 ms in all, longer than a large process needs from fork to exec. */
const LOOKS_AFTER_MS = [1, 2, 4, 8, 16, 32, 64];

/** None in a list: the system does not tell who. */
export type Leak = 'nobody' | readonly Listener[];

/**
 * Who has leaked a server on the port. The probe can also fail on what a server without SO_REUSEADDR has
 * left in TIME_WAIT, and on a socket that this process has closed while a child that it has just forked still has it until
 * its exec: neither is a leak.
 */
export function findLeak(claim: PortClaim, closesNow: boolean): Leak {
  if (!stillListens(claim, closesNow)) return 'nobody';
  let listeners = platform.findListeners(claim.port);
  for (const lookAfterMs of LOOKS_AFTER_MS) {
    if (listeners?.length === 0) return 'nobody';
    if (listeners?.some(({ processId }) => processId === process.pid) === true) return listeners;
    blockMs(lookAfterMs);
    if (!stillListens(claim, closesNow)) return 'nobody';
    listeners = platform.findListeners(claim.port);
  }
  return listeners ?? [];
}
