/**
 * A thread that knows nothing of portslice: it opens and closes files, pipes and sockets all the time, a thousand
 * descriptors at once, and finds out whether one that it has open is still the same. See bystander.ts.
 */
import { closeSync, fstatSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { loadKoffi } from '../../src/platform/koffi.ts';
import type { BystanderOrders, BystanderReport } from './bystander.ts';

const SLOTS = 600;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const NONBLOCK_CLOEXEC = 0o2004000;
/** Between two looks at whether to end. */
const TURNS = 200;
const PAUSE_MS = 1;

type Pair = readonly [write: number, read: number];
type Open = () => Pair;

/** What was opened, and what each descriptor was then. */
interface Slot {
  readonly pair: Pair;
  readonly inodes: readonly bigint[];
  readonly isFile: boolean;
}

const { folder, stop } = workerData as BystanderOrders;
const library = loadKoffi(`linux-${process.arch}`).load(null);
const pipe2 = library.func('int pipe2(_Out_ int *, int)') as unknown as (
  pair: number[],
  flags: number,
) => number;
const socketpair = library.func('int socketpair(int, int, int, _Out_ int *)') as unknown as (
  domain: number,
  type: number,
  protocol: number,
  pair: number[],
) => number;

function made(result: number, pair: number[]): Pair {
  if (result !== 0) throw new Error('A pair of descriptors cannot be made.');
  return pair as unknown as Pair;
}

const openPipe: Open = () => {
  const pair = [-1, -1];
  const [read, write] = made(pipe2(pair, NONBLOCK_CLOEXEC), pair);
  return [write, read];
};
const openSockets: Open = () => {
  const pair = [-1, -1];
  return made(socketpair(AF_UNIX, SOCK_STREAM | NONBLOCK_CLOEXEC, 0, pair), pair);
};
const openFile: Open = () => {
  const file = path.join(folder, 'bystander');
  const descriptor = openSync(file, 'wx+');
  unlinkSync(file);
  return [descriptor, descriptor];
};
const kinds = [openFile, openPipe, openSockets];

const slots: (Slot | undefined)[] = Array.from({ length: SLOTS });
const disturbed: string[] = [];
const token = Buffer.alloc(8);
const answer = Buffer.alloc(8);
let opened = 0;

function inodesOf(pair: Pair): bigint[] {
  return pair.map((descriptor) => fstatSync(descriptor, { bigint: true }).ino);
}

function open(kind: Open): Slot {
  const pair = kind();
  opened += new Set(pair).size;
  return { pair, inodes: inodesOf(pair), isFile: kind === openFile };
}

/** Throws if a descriptor is closed, is another one's by now, or does not carry what is written through it. */
function verify({ pair, inodes, isFile }: Slot): void {
  const now = inodesOf(pair);
  if (now.some((inode, index) => inode !== inodes[index]))
    throw new Error(`was ${inodes.join()}, is ${now.join()}`);
  const at = isFile ? 0 : null;
  token.writeBigUInt64LE(BigInt(opened));
  writeSync(pair[0], token, 0, token.length, at);
  readSync(pair[1], answer, 0, answer.length, at);
  if (!answer.equals(token)) throw new Error('carries something else');
}

/** The owner closes it, after a last look. What is no longer its own it leaves alone. */
function close(slot: Slot): void {
  try {
    verify(slot);
    for (const descriptor of new Set(slot.pair)) closeSync(descriptor);
  } catch (error) {
    disturbed.push(`${slot.pair.join(',')}: ${(error as Error).message}`);
  }
}

function work(turns: number): void {
  for (let turn = 0; turn < turns; turn++) {
    const index = Math.floor(Math.random() * SLOTS);
    const slot = slots[index];
    if (slot !== undefined) close(slot);
    slots[index] = open(kinds[index % kinds.length] as Open);
  }
}

for (const index of slots.keys()) slots[index] = open(kinds[index % kinds.length] as Open);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
const tell = (message: BystanderReport | 'ready'): void => parentPort?.postMessage(message);
tell('ready');
// The pause lets other threads run where there are few cores.
while (Atomics.load(stop, 0) === 0) {
  work(TURNS);
  Atomics.wait(stop, 0, 0, PAUSE_MS);
}
for (const slot of slots) if (slot !== undefined) close(slot);
tell({ opened, disturbed });
