/**
 * Two threads of a process must not close the same descriptor: it can have been opened anew for something else in between. So a thread
 * closes only what it finds while it has this mutex: a word in a file that the processes of a user have mapped, with the number
 * of the thread that has it. One that has ended meanwhile is put aside. No descriptor is needed, and none can be left.
 */
import { fileSystem } from '../file-system.ts';
import { threadState } from '../thread-state.ts';
import { MAP_SHARED, PROT_READ, PROT_WRITE } from './constants.ts';
import { errorFor } from './errno.ts';
import type { LibC } from './libc.ts';
import { isAlive } from './liveness.ts';
import { MAP_FAILED } from './memory.ts';
import { ownFolder } from './own-folder.ts';

/** Processes that share a word wait for each other, nothing else. */
const WORD_COUNT = 1024;
const FREE = 0;

/** @returns undefined if another thread is at it */
export function withCloserMutex<T>(libc: LibC, act: () => T): T | undefined {
  const words = threadState('closer-mutex', () => mapWords(libc));
  const word = process.pid % WORD_COUNT;
  const owner = Atomics.load(words, word);
  if (owner !== FREE && isAlive(owner)) return undefined;
  if (Atomics.compareExchange(words, word, owner, libc.threadId) !== owner) return undefined;
  try {
    return act();
  } finally {
    Atomics.store(words, word, FREE);
  }
}

function mapWords(libc: LibC): Int32Array {
  const { closeSync, fstatSync, ftruncateSync, openSync } = fileSystem();
  const byteLength = WORD_COUNT * Int32Array.BYTES_PER_ELEMENT;
  const descriptor = openSync(`${ownFolder(libc)}/closers`, 'a+', 0o600);
  try {
    if (fstatSync(descriptor).size < byteLength) ftruncateSync(descriptor, byteLength);
    const address = Number(libc.mmap(0, byteLength, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0));
    if (address === MAP_FAILED) throw errorFor('mmap', libc.errno());
    return new Int32Array(libc.view(BigInt(address), byteLength));
  } finally {
    closeSync(descriptor);
  }
}
