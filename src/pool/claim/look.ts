/** What a claim asks for, and one look for it in the pool. */
import type { PortRange } from '../../core/port-range.ts';
import type { HoldTarget } from '../../platform/port-kernel.ts';
import type { PoolSession } from '../session/pool-session.ts';

/** Several ports that belong together by their numbers. A start is the lowest of them. */
export interface GroupRequest {
  /** From the start, ascending; the first is 0. */
  readonly offsets: readonly number[];
  /** Where the pool has all of the ports, the excluded ones apart: ascending ranges, never empty. */
  readonly starts: readonly PortRange[];
  /** Only here. */
  readonly exactStart: number | undefined;
  /** Tried first, in this order, rested or not. */
  readonly preferredStarts: readonly number[];
}

export interface ClaimRequest {
  readonly target: HoldTarget;
  /** False: the port is only checked and locked. */
  readonly hold: boolean;
  readonly label: string;
  /** Whether the port has to be free for UDP, too. */
  readonly needsUDP: boolean;
  /** Only this port, by its index in the pool. */
  readonly exactIndex: number | undefined;
  /** Tried first, in this order, rested or not. */
  readonly preferredIndexes: readonly number[];
  /** Never taken. */
  readonly excludedIndexes: ReadonlySet<number>;
  /** Then the three above are told by the group. Undefined: any ports do. */
  readonly group: GroupRequest | undefined;
}

/** Who wants ports. */
export interface Claimant {
  readonly session: PoolSession;
  /** For which the port is claimed, wherever it is found. */
  readonly slice: number;
  readonly request: ClaimRequest;
}

/** Ports, by index, that looked free and were not to be had. One look tries each once. */
export interface Misses {
  readonly lockedByOtherRuns: Set<number>;
  /** A strict bind failed: on what an earlier server has left (TIME_WAIT, say), or on a socket that somebody has bound. */
  readonly strictlyRefused: Set<number>;
  /** The bind that shares failed too: somebody listens, or has bound a socket that nobody can share. */
  readonly refused: Set<number>;
  /** Free for TCP, as far as is known, but somebody has it for UDP. */
  readonly udpTaken: Set<number>;
  /** A group of ports failed on it: somebody of this run has it, or was quicker. */
  readonly ownedInRun: Set<number>;
}

export interface Look extends Claimant {
  readonly misses: Misses;
  /** On the pool's clock, when the look began. */
  readonly nowMs: number;
}

export function startLook({ session, slice, request }: Claimant): Look {
  const misses: Misses = {
    lockedByOtherRuns: new Set(),
    strictlyRefused: new Set(),
    refused: new Set(),
    udpTaken: new Set(),
    ownedInRun: new Set(),
  };
  return { session, slice, request, misses, nowMs: session.nowMs() };
}

export function isMissed(misses: Misses, index: number): boolean {
  const { lockedByOtherRuns, strictlyRefused, refused, udpTaken, ownedInRun } = misses;
  return (
    lockedByOtherRuns.has(index) ||
    strictlyRefused.has(index) ||
    refused.has(index) ||
    udpTaken.has(index) ||
    ownedInRun.has(index)
  );
}

export function allMisses(misses: Misses): number[] {
  const { lockedByOtherRuns, strictlyRefused, refused, udpTaken, ownedInRun } = misses;
  return [...lockedByOtherRuns, ...strictlyRefused, ...refused, ...udpTaken, ...ownedInRun];
}
