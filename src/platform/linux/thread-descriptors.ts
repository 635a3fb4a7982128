/**
 * Which thread opened a descriptor. One that is opened through the C library outlives a terminated worker thread.
 * The kernel itself remembers the thread for us, as the descriptor's signal owner (F_SETOWN_EX), and answers 0 as soon
 * as exactly that thread is gone, even if its number is used again. The signal's number tells our descriptors from all
 * others; no signal is ever sent, since O_ASYNC is off. The main thread ends with its process and marks nothing.
 */
import { errorFor } from '../errno.ts';
import { isAlive } from '../liveness.ts';
import { F_GETOWN_EX, F_GETSIG, F_OWNER_TID, F_SETOWN_EX, F_SETSIG } from './constants.ts';
import type { LibC } from './libc.ts';
import { Scratch } from './scratch.ts';

/** Any real-time signal that nobody else would choose for a socket. */
const MARK = 57;
const UNKNOWN = -1;

/** Marks a fresh descriptor as this thread's. Do it before the bind: what is bound is then always marked. */
export function markAsThreads(libc: LibC, descriptor: number): void {
  if (libc.isMainThread) return;
  libc.scratch.writeInt32LE(F_OWNER_TID, Scratch.structure);
  libc.scratch.writeInt32LE(libc.threadId, Scratch.structure + 4);
  const owned = libc.fcntl(descriptor, F_SETOWN_EX, libc.scratchPointer + Scratch.structure);
  if (owned !== 0 || libc.fcntl(descriptor, F_SETSIG, MARK) !== 0)
    throw errorFor('fcntl(F_SETOWN_EX)', libc.errno());
}

/** Tells whether a worker thread of portslice opened the descriptor and has ended since. */
export function openingThreadIsGone(libc: LibC, descriptor: number): boolean {
  if (libc.fcntl(descriptor, F_GETSIG, 0) !== MARK) return false;
  libc.scratch.writeInt32LE(UNKNOWN, Scratch.structure + 4);
  const result = libc.fcntl(descriptor, F_GETOWN_EX, libc.scratchPointer + Scratch.structure);
  const threadId = libc.scratch.readInt32LE(Scratch.structure + 4);
  if (result !== 0 || threadId === UNKNOWN) return false;
  // Kernels before 5.12 answer the number of a dead thread. While it is used again, we must take it for alive.
  return threadId === 0 || !isAlive(threadId);
}
