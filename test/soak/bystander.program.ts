/**
 * A thread that knows nothing of portslice: it opens and closes files and sockets all the time, a thousand descriptors at
 * once, and finds out whether one that it has open is still the same. See threads.program.ts.
 */
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadKoffi } from '../../src/platform/koffi.ts';
import { serve } from '../support/serve.ts';

export interface BystanderReport {
  /** How many descriptors it has opened, and has found to be its own until it closed them. */
  readonly opened: number;
  /** What was closed or replaced by somebody else. */
  readonly disturbed: readonly string[];
}

const SLOTS = 600;
const AF_UNIX = 1;
const STREAM_NONBLOCK_CLOEXEC = 0o2004001;
/** Between two looks at whether to end. */
const TURNS = 200;
/** It lets other threads run where there are few cores. */
const PAUSE_MS = 1;

/** What is written into the first comes out of the second, which for a file is the same. */
type Pair = readonly [write: number, read: number];

interface Slot {
  readonly pair: Pair;
  readonly inodes: readonly bigint[];
}

const library = loadKoffi(`linux-${process.arch}`).load(null);
const socketpair = library.func('int socketpair(int, int, int, _Out_ int *)') as unknown as (
  domain: number,
  type: number,
  protocol: number,
  pair: number[],
) => number;
const folder = mkdtempSync(path.join(tmpdir(), 'portslice-bystander-'));
const slots: (Slot | undefined)[] = Array.from({ length: SLOTS });
const disturbed: string[] = [];
const token = Buffer.alloc(8);
const answer = Buffer.alloc(8);
let opened = 0;
const end = new AbortController();

const commands = {
  work: async (): Promise<BystanderReport> => {
    for (const index of slots.keys()) slots[index] = open(index);
    while (!end.signal.aborted) {
      for (let turn = 0; turn < TURNS; turn++) exchange(Math.floor(Math.random() * SLOTS));
      await sleep(PAUSE_MS);
    }
    for (const slot of slots) if (slot !== undefined) close(slot);
    rmSync(folder, { recursive: true });
    return { opened, disturbed };
  },
  stop: (): void => end.abort(),
};
export type BystanderCommands = typeof commands;
serve(commands);

function exchange(index: number): void {
  close(slots[index] as Slot);
  slots[index] = open(index);
}

function open(index: number): Slot {
  const pair = index % 2 === 0 ? openFile() : openSockets();
  opened += new Set(pair).size;
  return { pair, inodes: inodesOf(pair) };
}

function openSockets(): Pair {
  const pair = [-1, -1];
  if (socketpair(AF_UNIX, STREAM_NONBLOCK_CLOEXEC, 0, pair) !== 0) throw new Error('No sockets can be made.');
  return pair as unknown as Pair;
}

function openFile(): Pair {
  const file = path.join(folder, 'file');
  const descriptor = openSync(file, 'wx+');
  unlinkSync(file);
  return [descriptor, descriptor];
}

function inodesOf(pair: Pair): bigint[] {
  return pair.map((descriptor) => fstatSync(descriptor, { bigint: true }).ino);
}

/** Throws if a descriptor is closed, is another one's by now, or does not carry what is written through it. */
function verify({ pair, inodes }: Slot): void {
  const now = inodesOf(pair);
  if (now.some((inode, index) => inode !== inodes[index]))
    throw new Error(`was ${inodes.join()}, is ${now.join()}`);
  const at = pair[0] === pair[1] ? 0 : null;
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
