/** One process of a storm: several slots at once, each of which gets a port, serves on it and gives it back, in a loop. */
import { fstatSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { platform } from '../../src/platform/platform.ts';
import { becomeUser, programConfig, serve } from '../support/serve.ts';
import { type Allocation, loadPortslice, openAllocator } from './allocators.ts';
import { EventLog } from './event-log.ts';
import type { WorkerConfig } from './protocol.ts';
import { ask, type StartServer, startServer, startServerProcess } from './servers.ts';

export interface WorkerResult {
  /** As the process itself knows it. */
  readonly processId: number;
  /** How often no port was free at once. */
  readonly exhaustions: number;
  readonly warnings: readonly string[];
  /** How many sockets it had open before its first round and has open after its last. */
  readonly socketsBefore: number;
  readonly socketsAfter: number;
}

const MAX_CLOSING_MS = 30_000;

const { worker, ...config } = programConfig() as WorkerConfig & { worker: number };
const log = new EventLog(config.logFile, worker);
const warnings: string[] = [];
process.on('warning', (warning: Error & { code?: string }) => warnings.push(warning.code ?? warning.message));
const serverProcess = config.usesServerProcess ? startServerProcess(config.logFile, worker) : undefined;
if (config.userId !== undefined && config.allocator.kind === 'portslice') {
  await loadPortslice(config.allocator.source);
  platform.openKernel();
  becomeUser(config.userId);
}
const allocator = await openAllocator(config.allocator, config.acquireTimeoutMs);
const socketsBefore = countSockets();
let isMidway = (): void => undefined;
const midway = new Promise<void>((resolve) => (isMidway = resolve));
let finishedRounds = 0;
let held: { use: string; allocation: Allocation }[] = [];

const commands = {
  /** All rounds. @param isVictim never comes to the last ones: it is killed before */
  rage: async (isVictim = false): Promise<WorkerResult> => {
    await Promise.all(Array.from({ length: config.slots }, (_, slot) => runSlot(slot, isVictim)));
    const socketsAfter = await settledSockets();
    const exhaustions = allocator.exhaustions();
    return { processId: process.pid, exhaustions, warnings, socketsBefore, socketsAfter };
  },
  /** Resolves when half of the rounds are over. */
  midway: (): Promise<void> => midway,
  hold: async (count: number): Promise<void> => {
    held = await Promise.all(Array.from({ length: count }, (_, number) => holdOne(number)));
  },
  release: (): void => {
    for (const { use, allocation } of held.splice(0)) release(use, allocation);
  },
};
export type WorkerCommands = typeof commands;
serve(commands);

async function runSlot(slot: number, isVictim: boolean): Promise<void> {
  const start: StartServer =
    slot === config.slots - 1 && serverProcess !== undefined
      ? serverProcess
      : (use, port) => startServer(log, use, port);
  for (let round = 0; round < config.roundsPerSlot; round++) {
    if (isVictim && round === config.roundsPerSlot - 1) await new Promise(() => undefined);
    await runRound(slot, round, start);
    finishedRounds++;
    if (finishedRounds === Math.ceil((config.slots * config.roundsPerSlot) / 2)) isMidway();
  }
}

async function runRound(slot: number, round: number, start: StartServer): Promise<void> {
  const use = `${worker}/${slot}/${round}`;
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
    const allocation = await allocator.allocate(slot);
    log.write('allocated', use, allocation.port, performance.now() - startMs);
    return allocation;
  } catch (error) {
    log.write('refused', use, 0, String(error));
    return undefined;
  }
}

async function holdOne(number: number): Promise<{ use: string; allocation: Allocation }> {
  const use = `${worker}/held/${number}`;
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

/** 0 where nothing counts them. Under Wine /proc/self is its server, which loses its lock when its descriptors are opened. */
function countSockets(): number {
  if (process.platform === 'win32') return 0;
  return readdirSync('/dev/fd').filter((descriptor) => {
    try {
      return fstatSync(Number(descriptor)).isSocket();
    } catch {
      // The descriptor with which the directory was read.
      return false;
    }
  }).length;
}
