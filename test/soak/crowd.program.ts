/** A member of a crowd, see crowd.ts: several slots at once, each of which gets a port, serves on it and gives it back. */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { portAllocationStats, PortPoolExhaustedError, TCPPortOwner } from '../../src/index.ts';
import { platform } from '../../src/platform/platform.ts';
import { EventLog } from '../contention/event-log.ts';
import { ask, startServer } from '../contention/servers.ts';
import type { MemberConfig, MemberReport } from './crowd.ts';
import { reportToWatcher } from './watched.ts';

const MAX_DELAY_MS = 3;
/** Less than what the watcher takes for a hang. */
const ACQUIRE_TIMEOUT_MS = 100_000;

const config = JSON.parse(process.argv[2] as string) as MemberConfig;
const log = new EventLog(config.logFile);
const warnings: string[] = [];
process.on('warning', (warning: Error & { code?: string }) => warnings.push(warning.code ?? warning.message));
// Everything is loaded before the user changes: the project's folder may be closed to the other user.
platform.openKernel();
if (config.userId !== undefined) becomeUser(config.userId);
// Opens the pool.
portAllocationStats();

const watcher = reportToWatcher<MemberReport>();
const descriptorsBefore = countDescriptors();
let completedRounds = 0;
let exhaustions = 0;
await watcher.begun;
await Promise.all(Array.from({ length: config.slots }, (_, slot) => runSlot(slot)));
await sockets();
watcher.report({
  completedRounds,
  exhaustions,
  warnings,
  descriptorsBefore,
  descriptorsAfter: countDescriptors(),
  processId: process.pid,
});

function becomeUser(userId: number): void {
  process.setgroups?.([]);
  process.setgid?.(userId);
  process.setuid?.(userId);
}

async function runSlot(slot: number): Promise<void> {
  for (let round = 0; round < config.roundsPerSlot; round++) {
    const use = `${config.name}/${slot}/${round}`;
    const owner = await getPort(use);
    log.write('allocated', use, owner.port);
    await sleep(Math.random() * MAX_DELAY_MS);
    const server = await startServer(log, use, owner.port);
    if (server !== undefined) {
      log.write('answered', use, owner.port, await ask(owner.port, round % 2 === 0 ? 'server' : 'client'));
      await server.close();
      completedRounds++;
    }
    log.write('releasing', use, owner.port);
    owner.cleanup();
    watcher.progress();
  }
}

/** At once if there is a port, else by waiting for one. */
async function getPort(label: string): Promise<TCPPortOwner> {
  try {
    return new TCPPortOwner({ label });
  } catch (error) {
    if (!(error instanceof PortPoolExhaustedError)) throw error;
    exhaustions++;
    return TCPPortOwner.acquire({ label, acquireTimeoutMs: ACQUIRE_TIMEOUT_MS });
  }
}

/** The sockets of the last requests take a moment to close. */
async function sockets(): Promise<void> {
  for (let look = 0; look < 200 && countDescriptors() > descriptorsBefore; look++) await sleep(5);
}

function countDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
