/**
 * What notes/deviations.md says about descriptors of terminated threads, shown with real worker threads.
 * Run it with `node notes/evidence/thread-owner.ts`. It ends with an error if one of its lines is not true.
 * With `--reuse` it also makes the kernel give a thread's number out again. That disturbs whoever else relies on numbers
 * that are not used again soon, so it is done in a process namespace of its own:
 * `unshare --pid --fork --mount-proc node notes/evidence/thread-owner.ts --reuse`, as root.
 */
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { fstatSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { F_GETOWN_EX } from '../../src/platform/linux/constants.ts';
import { libc } from '../../src/platform/linux/libc.ts';
import { isAlive } from '../../src/platform/linux/liveness.ts';
import { takeName } from '../../src/platform/linux/lock.ts';
import { closeOrphans } from '../../src/platform/linux/orphans.ts';
import { Scratch } from '../../src/platform/linux/scratch.ts';
import { openingThreadIsGone } from '../../src/platform/linux/thread-descriptors.ts';

const LAST_NUMBER = '/proc/sys/kernel/ns_last_pid';
const MAX_ATTEMPTS = 200;
const POLL_MS = 5;

interface Opened {
  readonly threadId: number;
  readonly name: string;
  readonly descriptor: number;
}

const c = libc();
if (isMainThread) await showAll();
else openOne();

/** In a worker: binds a name of its own, as a lock is bound, and stays. */
function openOne(): void {
  const { threadId } = c;
  const name = `portslice-evidence/${process.pid}/${threadId}/${Date.now()}`;
  const descriptor = takeName(c, name);
  // oxlint-disable-next-line require-post-message-target-origin -- a thread's port, not a window
  parentPort?.postMessage({ threadId, name, descriptor });
  parentPort?.on('message', () => undefined);
}

async function showAll(): Promise<void> {
  const [dying, dead] = await startWorker();
  const [living, alive] = await startWorker();
  show('While the thread lives, the kernel names it as the owner', ownerOf(dead) === dead.threadId);

  await dying.terminate();
  show('The descriptor outlives its thread', fstatSync(dead.descriptor).isSocket());
  show('and so does the name that it has bound', takeName(c, dead.name) === undefined);
  // Node has joined the thread by now, the kernel may still be about to forget it.
  await until(() => ownerOf(dead) === 0);
  show('The owner is 0 now', ownerOf(dead) === 0);
  if (process.argv.includes('--reuse')) await showReusedNumber(dead);

  const ours = takeName(c, `portslice-evidence/${process.pid}/main`) as number;
  show('Exactly that one descriptor counts as left behind', closeOrphans(c) === 1);
  const freed = takeName(c, dead.name);
  show('Its name is free again', freed !== undefined);
  show("A living thread's descriptor is left alone", ownerOf(alive) === alive.threadId);
  show("and the main thread's, which carries no mark", !openingThreadIsGone(c, ours));
  await living.terminate();
}

/** Sets the last number that was given out back, which nobody may but root. */
async function showReusedNumber(dead: Opened): Promise<void> {
  const { worker, opened } = await startWorkerWithNumber(dead.threadId);
  show('A new thread has the same number, so kill(number, 0) reaches it', isAlive(dead.threadId));
  show('and the owner is 0 all the same', ownerOf(dead) === 0 && openingThreadIsGone(c, dead.descriptor));
  show("The new thread's own descriptor has an owner", ownerOf(opened) === dead.threadId);
  await worker.terminate();
  c.close(opened.descriptor);
}

async function startWorkerWithNumber(threadId: number): Promise<{ worker: Worker; opened: Opened }> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    writeFileSync(LAST_NUMBER, String(threadId - 1));
    const [worker, opened] = await startWorker();
    if (opened.threadId === threadId) return { worker, opened };
    await worker.terminate();
    c.close(opened.descriptor);
  }
  throw new Error('Other programs were always faster to get the number.');
}

async function startWorker(): Promise<[Worker, Opened]> {
  const worker = new Worker(new URL(import.meta.url));
  const [opened] = (await once(worker, 'message')) as [Opened];
  return [worker, opened];
}

/** What the kernel answers to F_GETOWN_EX. */
function ownerOf({ descriptor }: Opened): number {
  c.scratch.writeInt32LE(-1, Scratch.structure + 4);
  assert.equal(c.fcntl(descriptor, F_GETOWN_EX, c.scratchPointer + Scratch.structure), 0);
  return c.scratch.readInt32LE(Scratch.structure + 4);
}

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS && !condition(); attempt++) await sleep(POLL_MS);
}

function show(sentence: string, isTrue: boolean): void {
  console.log(`${isTrue ? 'yes' : 'NO '}: ${sentence}`);
  if (!isTrue) process.exitCode = 1;
}
