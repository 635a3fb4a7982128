/** Why there is no port: who holds which, and what else keeps the pool's ports from us. */
import { type ForeignPortHolder, PortPoolExhaustedError } from '../../errors/index.ts';
import { platform } from '../../platform/platform.ts';
import type { PoolSession } from '../session/pool-session.ts';
import { readRecords } from '../session/snapshot.ts';
import type { Misses } from './port-claim.ts';

export function exhausted(
  session: PoolSession,
  wantedPortCount: number,
  misses: Misses,
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
    foreignHolders: findForeignHolders(session, misses),
    listenedOnByStrangers: misses.listenedOnByStrangers.size,
    strictlyRefused: 0,
    wantedPortCount,
    poolPortCount: session.segment.ports.length,
    holders,
    sealedPortCount: holders.filter((holder) => holder.sealed).length,
    waitedMs,
  });
}

function findForeignHolders({ segment }: PoolSession, { lockedByOtherRuns }: Misses): ForeignPortHolder[] {
  const ports = [...lockedByOtherRuns].map((index) => segment.ports.at(index)).toSorted((a, b) => a - b);
  const holders = platform.findLockHolders(ports);
  return ports.map((port) => ({ port, ...holders.get(port) }));
}
