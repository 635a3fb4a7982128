/** What the segment tells about ports and the run, for people and reports. */
import {
  NEVER_USED_WORD,
  PortState,
  type PortStateName,
  stateNameOf,
  stateOf,
} from '../../core/port-state.ts';
import { HeaderWord, RecordWord } from '../../core/segment-layout.ts';
import { livenessOfOnePass } from './liveness.ts';
import type { PoolSession } from './pool-session.ts';

/** One port that was claimed at least once, or tried. */
export interface PortRecord {
  readonly port: number;
  readonly state: PortStateName;
  /** Of the last claim: what the port was used for. */
  readonly label: string;
  readonly processId: number;
  readonly threadId: number;
  /** The slice for which the port was claimed, which need not be the one that it lies in. */
  readonly slice: number;
  /** Of the last claim, in milliseconds since 1970. */
  readonly claimedAtMs: number;
  /** Of the last release, in milliseconds since 1970; undefined if there was none. */
  readonly releasedAtMs: number | undefined;
  readonly claimCount: number;
  /** The time of all ended claims together. */
  readonly heldMs: number;
}

/** Of the whole run, all processes together. */
export interface PortAllocationStats {
  readonly totalServerPorts: number;
  /** An upper bound if workers were killed: their ports count until somebody takes them. */
  readonly peakAllocatedPorts: number;
  readonly lifetimeTotalAllocatedPorts: number;
  readonly currentlyAllocatedPorts: number;
  /** How many claims took their port from another slice than their own. */
  readonly borrowedPorts: number;
  /** How many asynchronous acquisitions had to wait. */
  readonly waits: number;
  /** How many ports were released while something still listened on them. */
  readonly leaks: number;
}

export function readRecords({ segment }: PoolSession): PortRecord[] {
  const records: PortRecord[] = [];
  for (let index = 0; index < segment.ports.length; index++) {
    const word = Atomics.load(segment.states, index);
    if (word === NEVER_USED_WORD) continue;
    const releasedAtMs = Atomics.load(segment.releasedAtMs, index);
    records.push({
      port: segment.ports.at(index),
      state: stateNameOf(word),
      label: segment.readLabel(index),
      processId: segment.record(index, RecordWord.processId),
      threadId: segment.record(index, RecordWord.threadId),
      slice: segment.record(index, RecordWord.slice),
      claimedAtMs: Math.round(segment.startEpochMs + segment.record(index, RecordWord.claimedAtMs)),
      releasedAtMs: releasedAtMs === 0 ? undefined : Math.round(segment.startEpochMs + releasedAtMs),
      claimCount: segment.record(index, RecordWord.claimCount),
      heldMs: segment.record(index, RecordWord.heldMs),
    });
  }
  return records;
}

export function readStatistics(session: PoolSession): PortAllocationStats {
  const { segment } = session;
  return {
    totalServerPorts: segment.ports.length,
    peakAllocatedPorts: segment.header(HeaderWord.peakClaims),
    lifetimeTotalAllocatedPorts: segment.header(HeaderWord.lifetimeClaims),
    currentlyAllocatedPorts: countLiveClaims(session),
    borrowedPorts: segment.header(HeaderWord.borrowedClaims),
    waits: segment.header(HeaderWord.waits),
    leaks: segment.header(HeaderWord.leaks),
  };
}

/** Counted, not read: a killed worker's ports are not allocated any more, though nobody has noticed yet. */
function countLiveClaims({ segment }: PoolSession): number {
  const isAlive = livenessOfOnePass();
  let count = 0;
  for (let index = 0; index < segment.states.length; index++) {
    if (stateOf(Atomics.load(segment.states, index)) !== PortState.held) continue;
    if (isAlive(segment.record(index, RecordWord.threadId))) count++;
  }
  return count;
}
