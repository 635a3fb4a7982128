/** A claimed port: its place in the segment and the kernel objects that make it ours. */
import type { Hold, HoldTarget } from '../platform/port-kernel.ts';
import type { PoolSession } from './pool-session.ts';

export interface ClaimRequest {
  readonly target: HoldTarget;
  /** False: the port is only checked and locked. */
  readonly hold: boolean;
  readonly label: string;
}

export interface PortClaim {
  readonly session: PoolSession;
  readonly index: number;
  readonly port: number;
  readonly label: string;
  readonly lock: number;
  /** Replaced when the port is sealed. */
  hold: Hold;
  /** The state word of exactly this claim; its state bits follow the claim's. */
  word: number;
  phase: 'held' | 'sealed' | 'leaked' | 'released';
  /** In milliseconds since 1970; from a moment before anybody else could have the port. Undefined while it is held. */
  releasedAtMs?: number;
}
