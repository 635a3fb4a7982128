/**
 * Worker threads that take and give back locks and holds, each terminated at a random moment. Then tells, as JSON, what
 * `closeOrphans` made of it. The command line has the ports: of the main thread, of a thread that lives, of the storm.
 */
import { on, once } from 'node:events';
import { fstatSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import {
  AF_INET as DARWIN_AF_INET,
  SOCK_STREAM as DARWIN_SOCK_STREAM,
} from '../../../src/platform/darwin/constants.ts';
import * as darwin from '../../../src/platform/darwin/libc.ts';
import {
  AF_UNIX,
  F_GETSIG,
  F_OWNER_TID,
  F_SETOWN_EX,
  F_SETSIG,
  SOCK_STREAM,
} from '../../../src/platform/linux/constants.ts';
import { libc } from '../../../src/platform/linux/libc.ts';
import { Scratch } from '../../../src/platform/linux/scratch.ts';
import { platform } from '../../../src/platform/platform.ts';
import { hasLinuxFiles } from '../../support/kernel-traits.ts';
import { until } from '../../support/until.ts';

export interface StormResult {
  readonly closed: number;
  readonly closedAgain: number;
  /** Ports of the storm that could be taken afterwards. */
  readonly freed: number[];
  readonly mainLives: boolean;
  readonly threadLives: boolean;
  /** Of other files: what each descriptor was, where it is no longer the same. */
  readonly disturbed: number[];
  readonly otherFiles: number;
}

const ROUNDS = 3;
/** The next one's threads find the ports of the dead ones of this one taken. */
const LAST_CLEAN_ROUND = 1;
const THREADS = 4;
const KEPT_CLAIMS = 3;
const OTHER_FILES = 1000;
const EVERYWHERE = { addresses: 'everywhere' as const };
const FOREIGN_SIGNAL = 40;

const kernel = platform.openKernel();

function claim(port: number): number[] | undefined {
  const lock = kernel.takeLock(port);
  const hold = lock === undefined ? undefined : kernel.takeHold(port, EVERYWHERE);
  if (lock === undefined || hold === undefined) return undefined;
  return [...hold.descriptors, lock];
}

/** Descriptors that a thread opens without being portslice: one bare, one that has an owner thread and another signal. */
function openForeignSockets(): number[] {
  if (!hasLinuxFiles) return [openForeignSocket()];
  const c = libc();
  const [bare, owned] = [c.socket(AF_UNIX, SOCK_STREAM, 0), c.socket(AF_UNIX, SOCK_STREAM, 0)] as const;
  c.scratch.writeInt32LE(F_OWNER_TID, Scratch.structure);
  c.scratch.writeInt32LE(kernel.threadId, Scratch.structure + 4);
  c.fcntl(owned, F_SETOWN_EX, c.scratchPointer + Scratch.structure);
  c.fcntl(owned, F_SETSIG, FOREIGN_SIGNAL);
  if (c.fcntl(owned, F_GETSIG, 0) !== FOREIGN_SIGNAL) throw new Error('The signal is not set.');
  return [bare, owned];
}

function openForeignSocket(): number {
  return hasLinuxFiles
    ? libc().socket(AF_UNIX, SOCK_STREAM, 0)
    : darwin.libc().socket(DARWIN_AF_INET, DARWIN_SOCK_STREAM, 0);
}

function identityOf(descriptor: number): string {
  const { dev, ino } = fstatSync(descriptor);
  return `${dev}:${ino}`;
}

function tellMain(descriptors: number[] | undefined): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
  parentPort?.postMessage(descriptors);
}

function storm(ports: readonly number[]): void {
  tellMain([kernel.threadId, ...openForeignSockets()]);
  const claims: number[][] = [];
  for (let turn = 0; ; turn++) {
    const descriptors = claim(ports[turn % ports.length] as number);
    if (descriptors !== undefined) claims.push(descriptors);
    if (claims.length > KEPT_CLAIMS || descriptors === undefined)
      kernel.closeDescriptors(claims.shift() ?? []);
    if (turn === 0) tellMain(descriptors);
  }
}

function live(port: number): void {
  tellMain(claim(port));
  parentPort?.on('message', () => {});
}

async function main([mainPort, threadPort, ...ports]: number[]): Promise<StormResult> {
  const url = new URL(import.meta.url);
  claim(mainPort as number);
  const thread = new Worker(url, { workerData: { act: 'live', ports: [threadPort] } });
  await once(thread, 'message');
  const others = Array.from({ length: OTHER_FILES / 2 }, () => [
    openSync('/dev/null', 'r'),
    openForeignSocket(),
  ]).flat();

  const share = Math.floor(ports.length / THREADS);
  for (let round = 0; round < ROUNDS; round++) {
    const threads = Array.from({ length: THREADS }, (_, number) => {
      const own = ports.slice(number * share, (number + 1) * share);
      return new Worker(url, { workerData: { act: 'storm', ports: own } });
    });
    await Promise.all(
      threads.map(async (stormy) => {
        const messages = on(stormy, 'message') as AsyncIterableIterator<[number[]]>;
        const { value } = (await messages.next()) as IteratorYieldResult<[number[]]>;
        const [threadId = 0, ...sockets] = value[0];
        others.push(...sockets);
        // One leaves something in any case.
        if (round === LAST_CLEAN_ROUND && stormy === threads[0]) await messages.next();
        await sleep(Math.random() * 10);
        await stormy.terminate();
        // For the kernel it ends a moment later.
        await until('the end of the thread', () => !platform.isAlive(threadId));
      }),
    );
    if (round < LAST_CLEAN_ROUND) kernel.closeOrphans();
  }
  const before = others.map(identityOf);
  const closed = kernel.closeOrphans();
  return {
    closed,
    closedAgain: kernel.closeOrphans(),
    freed: ports.filter((port) => claim(port) !== undefined),
    mainLives: kernel.takeLock(mainPort as number) === undefined,
    threadLives: kernel.takeLock(threadPort as number) === undefined,
    disturbed: others.filter((descriptor, index) => {
      try {
        return identityOf(descriptor) !== before[index];
      } catch {
        return true;
      }
    }),
    otherFiles: others.length,
  };
}

if (isMainThread) {
  const result = await main(process.argv.slice(2).map(Number));
  process.stdout.write(JSON.stringify(result), () => process.exit());
} else {
  const { act, ports } = workerData as { act: 'storm' | 'live'; ports: number[] };
  if (act === 'storm') storm(ports);
  else live(ports[0] as number);
}
