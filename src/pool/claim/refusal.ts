/** Why there is no port: who holds which, and what else keeps the pool's ports from us. */
import { PortPoolExhaustedError, type PortsliceError, PortTakenError } from '../../errors/index.ts';
import { platform } from '../../platform/platform.ts';
import type { PoolSession } from '../session/pool-session.ts';
import { readRecords } from '../session/snapshot.ts';
import type { Look, Misses } from './look.ts';

/** The error for a look that has found too few ports. */
export function refusal(look: Look, wantedPortCount: number, waitedMs: number): PortsliceError {
  const { exactIndex } = look.request;
  if (exactIndex !== undefined) return portTaken(look, exactIndex);
  return exhausted(look, wantedPortCount, waitedMs);
}

function exhausted(
  { session, misses }: Look,
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
    lockedByOtherRuns: misses.lockedByOtherRuns.size,
    listenedOnByStrangers: countListenedOn(session, misses),
    wantedPortCount,
    poolPortCount: session.segment.ports.length,
    holders,
    sealedPortCount: holders.filter((holder) => holder.sealed).length,
    waitedMs,
  });
}

/** A bind is refused by a listener, by what an earlier server has left, or by a socket that somebody has only bound. */
function countListenedOn({ segment }: PoolSession, { strictlyRefused, refused }: Misses): number {
  const ports = [...strictlyRefused, ...refused].map((index) => segment.ports.at(index));
  return ports.filter((port) => platform.findListeners(port)?.length !== 0).length;
}

function portTaken({ session }: Look, index: number): PortTakenError {
  const port = session.segment.ports.at(index);
  return new PortTakenError({ port, problem: 'is taken', fix: 'Take another one' });
}
