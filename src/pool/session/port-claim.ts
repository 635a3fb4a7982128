/** A claimed port: its place in the segment, and the kernel objects that make it ours. */
import { stateNameOf, type PortStateName } from '../../core/port-state.ts';
import { RecordWord } from '../../core/segment-layout.ts';
import type { PortLeak } from '../../errors/index.ts';
import type { Hold, Listener } from '../../platform/port-kernel.ts';
import type { PoolSession } from './pool-session.ts';

/** What is done when something still listens on a port at the end of its test. */
export type OnLeak = 'warn' | 'fail' | 'ignore';

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
  /** Who listened then. */
  leakedBy?: readonly Listener[];
  /** Default: 'warn'. */
  onLeak?: OnLeak;
  /** What has leaked, where whoever ends the test is to say so. */
  leak?: PortLeak | undefined;
  /** On the monotonic clock: when the test that has the port runs out of time. */
  testEndsAtMs?: number;
  /** In milliseconds since 1970; from a moment before anybody else could have the port. Undefined while it is held. */
  releasedAtMs?: number;
}

/** What waits for a part of a test's time ends before the test does, so that people see its error and not the runner's. */
export const PART_OF_TEST_TIMEOUT = 0.8;

/** Whether the kernel keeps the port from others; without, only the lock is there. */
export function isHeld({ hold }: PortClaim): boolean {
  return hold.kind === 'held';
}

/** For which it was claimed. */
export function sliceOf({ session, index }: PortClaim): number {
  return session.segment.record(index, RecordWord.slice);
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
