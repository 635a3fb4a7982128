/** A claimed port: its place in the segment and the kernel objects that make it ours. */
import type { Hold, HoldTarget } from '../../platform/port-kernel.ts';
import type { PoolSession } from '../session/pool-session.ts';

export interface ClaimRequest {
  readonly target: HoldTarget;
  /** False: the port is only checked and locked. */
  readonly hold: boolean;
  readonly label: string;
}

/** One look for a port. */
export interface Search {
  readonly session: PoolSession;
  /** For which the port is claimed, wherever it is found. */
  readonly slice: number;
  readonly request: ClaimRequest;
  readonly misses: Misses;
  /** On the pool's clock, when the look began. */
  readonly nowMs: number;
}

/** Ports (by index) that looked free and were passed by, so that one search tries each once. */
export interface Misses {
  readonly lockedByOtherRuns: Set<number>;
  readonly listenedOnByStrangers: Set<number>;
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
