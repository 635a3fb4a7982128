/** A claimed port: its place in the segment, and the kernel objects that make it ours. */
import { stateNameOf, type PortStateName } from '../../core/port-state.ts';
import type { Hold } from '../../platform/port-kernel.ts';
import type { PoolSession } from './pool-session.ts';

export interface PortClaim {
  readonly session: PoolSession;
  readonly index: number;
  readonly port: number;
  readonly label: string;
  /** Whether the port lies in another slice than the one that it was claimed for. */
  readonly borrowed: boolean;
  readonly lock: number;
  /** Replaced when the port is sealed. */
  hold: Hold;
  /** The state word of exactly this claim; its state bits follow the claim's. */
  word: number;
  /** Something still listened when the port was released; then it is sealed. */
  leaked: boolean;
  /** On the monotonic clock: when the test that has the port runs out of time. */
  testEndsAtMs?: number;
  /** In milliseconds since 1970; from a moment before anybody else could have the port. Undefined while it is held. */
  releasedAtMs?: number;
}

/** What waits for a part of a test's time ends before the test does, so that people see its error and not the runner's. */
export const PART_OF_TEST_TIMEOUT = 0.8;

/** Whether the kernel keeps the port from others; without, only the lock is there. */
export function isHeld({ hold }: PortClaim): boolean {
  return hold.descriptors.length > 0;
}

export function claimState(claim: PortClaim): PortStateName {
  return stateNameOf(claim.word);
}

/** What has become of a port that was released. Sealed ports are kept from everybody; leaked is one with a server left on it. */
export type ReleasedState = 'free' | 'sealed' | 'leaked';

/** Of a claim that is not held any more. */
export function releasedState(claim: PortClaim): ReleasedState {
  if (claimState(claim) !== 'sealed') return 'free';
  return claim.leaked ? 'leaked' : 'sealed';
}
