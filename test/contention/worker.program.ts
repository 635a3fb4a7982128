/** One process of a storm: several slots at once, each of which gets a port, serves on it and gives it back, in a loop. */
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Allocation, openAllocator } from './allocators.ts';
import { EventLog } from './event-log.ts';
import type { Order, Report, WorkerConfig } from './protocol.ts';
import { ask, type StartServer, startServer, startServerProcess } from './servers.ts';

const MAX_CLOSING_MS = 2_000;

const config = JSON.parse(process.argv[2] as string) as WorkerConfig;
const log = new EventLog(config.logFile);
const serverProcess = config.usesServerProcess ? startServerProcess(config.logFile) : undefined;
const allocate = await openAllocator(config.allocator, config.acquireTimeoutMs);
const socketsBefore = countSockets();
let finishedRounds = 0;
let held: { use: string; allocation: Allocation }[] = [];

process.on('message', (order: Order) => {
  void obey(order);
});
// The storm is over, or its process is dead.
process.once('disconnect', () => process.exit());
report({ kind: 'ready' });

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'go':
      await Promise.all(Array.from({ length: config.slots }, (_, slot) => runSlot(slot)));
      return report({ kind: 'finished', socketsBefore, socketsAfter: await settledSockets() });
    case 'hold':
      held = await Promise.all(Array.from({ length: order.count }, (_, number) => holdOne(number)));
      return report({ kind: 'holding' });
    case 'release':
      for (const { use, allocation } of held.splice(0)) release(use, allocation);
      return report({ kind: 'released' });
  }
}

async function runSlot(slot: number): Promise<void> {
  const start: StartServer =
    slot === config.slots - 1 && serverProcess !== undefined
      ? serverProcess
      : (use, port) => startServer(log, use, port);
  for (let round = 0; round < config.roundsPerSlot; round++) {
    await runRound(slot, round, start);
    finishedRounds++;
    if (finishedRounds === Math.ceil((config.slots * config.roundsPerSlot) / 2)) report({ kind: 'midway' });
  }
}

async function runRound(slot: number, round: number, start: StartServer): Promise<void> {
  const use = `${process.pid}/${slot}/${round}`;
  const allocation = await getPort(use, slot);
  if (allocation === undefined) return;
  await sleep(Math.random() * config.maxDelayMs);
  const server = await start(use, allocation.port);
  if (server !== undefined) {
    log.write('answered', use, allocation.port, await ask(allocation.port, config.closesFirst));
    await server.close();
  }
  release(use, allocation);
}

async function getPort(use: string, slot: number): Promise<Allocation | undefined> {
  const startMs = performance.now();
  try {
    const allocation = await allocate(slot);
    log.write('allocated', use, allocation.port, performance.now() - startMs);
    return allocation;
  } catch (error) {
    log.write('refused', use, 0, String(error));
    return undefined;
  }
}

async function holdOne(number: number): Promise<{ use: string; allocation: Allocation }> {
  const use = `${process.pid}/held/${number}`;
  // An odd slot waits for its port.
  const allocation = await getPort(use, 1);
  if (allocation === undefined) throw new Error('no port to hold');
  return { use, allocation };
}

function release(use: string, allocation: Allocation): void {
  log.write('releasing', use, allocation.port);
  allocation.release();
}

/** The sockets of the last requests take a moment to close. */
async function settledSockets(): Promise<number> {
  const deadlineMs = performance.now() + MAX_CLOSING_MS;
  while (countSockets() !== socketsBefore && performance.now() < deadlineMs) await sleep(5);
  return countSockets();
}

function countSockets(): number {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:');
    } catch {
      // The descriptor with which the directory was read.
      return false;
    }
  }).length;
}

function report(message: Report): void {
  process.send?.(message);
}
