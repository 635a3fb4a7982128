/**
 * Which thread opened a descriptor. One that is opened through the C library outlives a terminated worker thread.
 * The kernel itself remembers the thread for us, as the descriptor's signal owner (F_SETOWN_EX), and answers 0 as soon
 * as exactly that thread is gone, even if its number is used again. The signal's number tells our descriptors from all
 * others; no signal is ever sent, since O_ASYNC is off. The main thread ends with its process and marks nothing.
 */
import { errorFor } from '../errno.ts';
import { F_GETOWN_EX, F_GETSIG, F_OWNER_TID, F_SETOWN_EX, F_SETSIG, SOCK_CLOEXEC } from './constants.ts';
import type { LibC } from './libc.ts';
import { isAlive } from './liveness.ts';
import { Scratch } from './scratch.ts';

/** Any real-time signal that nobody else would choose for a socket. */
const MARK = 57;
const UNKNOWN = -1;

/** Marks a fresh descriptor as this thread's. */
export function markAsThreads(libc: LibC, descriptor: number): void {
  if (libc.isMainThread) return;
  const owner = writeOwner(libc);
  const owned = libc.fcntl(descriptor, F_SETOWN_EX, owner);
  if (owned !== 0 || libc.fcntl(descriptor, F_SETSIG, MARK) !== 0)
    throw errorFor('fcntl(F_SETOWN_EX)', libc.errno());
}

/**
 * A socket that is marked as this thread's, or -1. V8 terminates a thread where a function of JavaScript begins or a
 * loop turns: from the socket to its mark there is neither, or a descriptor could be lost that nobody recognises.
 */
export function openMarkedSocket(libc: LibC, domain: number, type: number): number {
  const { socket, fcntl, close, errno } = libc;
  if (libc.isMainThread) return socket(domain, type | SOCK_CLOEXEC, 0);
  const owner = writeOwner(libc);
  const descriptor = socket(domain, type | SOCK_CLOEXEC, 0);
  if (descriptor === -1) return -1;
  const owned = fcntl(descriptor, F_SETOWN_EX, owner);
  if (owned === 0 && fcntl(descriptor, F_SETSIG, MARK) === 0) return descriptor;
  const code = errno();
  close(descriptor);
  throw errorFor('fcntl(F_SETOWN_EX)', code);
}

/** The structure that names this thread. @returns where it is */
function writeOwner({ scratch, scratchPointer, threadId }: LibC): number {
  scratch.writeInt32LE(F_OWNER_TID, Scratch.structure);
  scratch.writeInt32LE(threadId, Scratch.structure + 4);
  return scratchPointer + Scratch.structure;
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
