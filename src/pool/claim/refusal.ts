/** Why there is no port: who holds which, and what else keeps the pool's ports from us. */
import {
  describeTaking,
  type ForeignPortHolder,
  PortPoolExhaustedError,
  type PortsliceError,
  PortTakenError,
  type PortTakenFacts,
  type ProcessDescription,
} from '../../errors/index.ts';
import { platform } from '../../platform/platform.ts';
import { findLabels } from '../session/live-pools.ts';
import type { PoolSession } from '../session/pool-session.ts';
import { readRecords } from '../session/snapshot.ts';
import { describeListeners, verbOf } from './describe-listeners.ts';
import { allMisses, type Look, type Misses } from './look.ts';
import { explainRefused } from './refused-ports.ts';

/** The error for a look that has found too few ports. */
export function refusal(look: Look, wantedPortCount: number, waitedMs: number): PortsliceError {
  const { session, request } = look;
  const exactIndex = request.exactIndex ?? failedMember(look);
  if (exactIndex !== undefined) {
    const port = session.segment.ports.at(exactIndex);
    const isUDPTaken = look.misses.udpTaken.has(exactIndex);
    return new PortTakenError(isUDPTaken ? explainUDP(port) : explainTaken(port, waitedMs));
  }
  return exhausted(look, wantedPortCount, waitedMs);
}

/** Of a group that was wanted at one place only: on which of its ports it failed. */
function failedMember({ request: { group }, misses }: Look): number | undefined {
  return group?.exactStart === undefined ? undefined : allMisses(misses)[0];
}

function exhausted(
  { session, misses, request }: Look,
  wantedPortCount: number,
  waitedMs: number,
): PortPoolExhaustedError {
  const nowMs = session.nowMs() + session.segment.startEpochMs;
  const holders = readRecords(session)
    .filter((record) => record.state !== 'free')
    .map((record) => ({
      port: record.port,
      label: record.label,
      processId: record.processId,
      ageMs: Math.max(0, nowMs - record.claimedAtMs),
      sealed: record.state === 'sealed',
    }))
    .toSorted((a, b) => b.ageMs - a.ageMs);
  return new PortPoolExhaustedError({
    wantedPortCount,
    wantedOffsets: request.group?.offsets,
    poolPortCount: session.segment.ports.length,
    holders,
    sealedPortCount: holders.filter((holder) => holder.sealed).length,
    lockedByOtherRuns: misses.lockedByOtherRuns.size,
    foreignHolders: findForeignHolders(session, misses),
    ...explainRefused(refusedPorts(session, misses)),
    takenForUDP: misses.udpTaken.size,
    waitedMs,
  });
}

function findForeignHolders({ segment }: PoolSession, { lockedByOtherRuns }: Misses): ForeignPortHolder[] {
  const ports = [...lockedByOtherRuns].map((index) => segment.ports.at(index)).toSorted((a, b) => a - b);
  const holders = findHolders(ports);
  return ports.map((port) => ({ ...holders.get(port), port }));
}

/** Who has locked the ports, and what for. */
function findHolders(ports: readonly number[]): ReadonlyMap<number, ProcessDescription> {
  if (ports.length === 0) return new Map();
  const holders = [...platform.findLockHolders(ports)];
  const labels = findLabels(holders.map(([port, { processId }]) => ({ port, processId })));
  return new Map(holders.map(([port, holder]) => [port, { ...holder, label: labels.get(port) }]));
}

/** By the kernel, though nobody has locked them. */
function refusedPorts({ segment }: PoolSession, { strictlyRefused, refused }: Misses): number[] {
  return [...strictlyRefused, ...refused].map((index) => segment.ports.at(index));
}

function explainUDP(port: number): PortTakenFacts {
  const users = describeListeners(platform.findUDPUsers(port) ?? []);
  return {
    port,
    problem: `is free for TCP, but ${users} has it for UDP`,
    fix: "Stop that process, take another port, or leave 'udp' out of transports",
  };
}

/** Why the port cannot be had, in words that follow its number, and how it can be the next time. Takes milliseconds. */
export function describeTaken(port: number): string {
  const { nextTime, ...facts } = explainTaken(port, 0);
  return `${describeTaking(facts)}. ${nextTime} to have ${port}`;
}

interface Taken extends PortTakenFacts {
  /** What to do to have it then, in words that begin a sentence. */
  readonly nextTime: string;
}

function explainTaken(port: number, waitedMs: number): Taken {
  const wait =
    waitedMs > 0 ? 'wait longer (acquireTimeoutMs)' : 'wait for the port with TCPPortOwner.acquire()';
  const holder = findHolders([port]).get(port);
  if (holder !== undefined) {
    const isOurs = holder.processId === process.pid;
    const fix = `${isOurs ? 'Release it first' : 'Stop that process'}, ${wait}, or take another port`;
    const nextTime = isOurs ? 'Release it first' : 'Stop that process, and start again,';
    return { port, problem: 'is taken', holder, fix, nextTime };
  }
  const listeners = platform.findListeners(port) ?? [];
  const isOwn = listeners.some(({ processId }) => processId === process.pid);
  const stop = isOwn
    ? 'Close that server first'
    : `Stop ${listeners.length > 1 ? 'these processes' : 'that process'}`;
  return listeners.length > 0
    ? {
        port,
        problem: `is taken: ${describeListeners(listeners)} ${verbOf(listeners)} on it`,
        fix: `${stop}, or take another port`,
        nextTime: isOwn ? stop : `${stop}, and start again,`,
      }
    : {
        port,
        problem:
          'cannot be bound, though nobody listens on it: an earlier server has left connections, or a program has bound it',
        fix: `If they are connections, they go within 60 s: ${wait}, or take another port`,
        nextTime: 'Start again in 60 s, or when that program has ended,',
      };
}
