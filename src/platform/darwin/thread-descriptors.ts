/**
 * Which thread opened a descriptor. One that is opened through the system library outlives a terminated worker thread. The kernel
 * keeps a note for us where nobody looks: a socket's time-out for receiving has the thread's number as its seconds, and as its
 * microseconds a mark; a lock file's position has the thread's number. portslice never receives and never reads, and the
 * system uses no number of a thread again. The main thread ends with its process and marks nothing.
 */
import {
  F_SETFD,
  FD_CLOEXEC,
  PROC_PIDTHREADID64INFO,
  SEEK_CUR,
  SO_RCVTIMEO,
  SOL_SOCKET,
  THREAD_INFO_BYTES,
  TimeValue,
} from './constants.ts';
import { errorFor, ESRCH } from './errno.ts';
import type { LibC } from './libc.ts';
import { Scratch } from './scratch.ts';

/** Microseconds that nobody else would choose. */
export const Mark = { lock: 705_271, seal: 705_272 } as const;
export type Mark = (typeof Mark)[keyof typeof Mark];

/**
 * A socket that is marked as this thread's and that no child inherits, or -1. V8 terminates a thread where a function of
 * JavaScript begins or a loop turns: from the socket to its mark there is neither, or a descriptor could be lost that nobody
 * recognises. The processes that Node starts inherit nothing that they were not given (POSIX_SPAWN_CLOEXEC_DEFAULT), so that the
 * moment before FD_CLOEXEC harms nobody.
 */
export function openMarkedSocket(libc: LibC, domain: number, type: number, mark: Mark): number {
  const { socket, setsockopt, fcntl, close, errno, isMainThread, scratchPointer } = libc;
  writeMark(libc, mark);
  const at = scratchPointer + Scratch.mark;
  const descriptor = socket(domain, type, 0);
  if (descriptor === -1) return -1;
  const marked = isMainThread ? 0 : setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, at, TimeValue.bytes);
  if (marked === 0 && fcntl(descriptor, F_SETFD, 'uintptr_t', FD_CLOEXEC) === 0) return descriptor;
  const code = errno();
  close(descriptor);
  throw errorFor('setsockopt(SO_RCVTIMEO) or fcntl(FD_CLOEXEC)', code);
}

function writeMark({ scratch, systemThreadId }: LibC, mark: number): void {
  scratch.writeBigInt64LE(BigInt(systemThreadId), Scratch.mark + TimeValue.seconds);
  scratch.writeBigInt64LE(BigInt(mark), Scratch.mark + TimeValue.microseconds);
}

/** The mark of a socket that a worker thread of portslice opened which has ended since. */
export function findMarkOfGoneThread(libc: LibC, descriptor: number): Mark | undefined {
  const { scratch, scratchPointer } = libc;
  scratch.writeUInt32LE(TimeValue.bytes, Scratch.length);
  const [value, length] = [scratchPointer + Scratch.mark, scratchPointer + Scratch.length];
  if (libc.getsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, value, length) !== 0) return undefined;
  const found = scratch.readInt32LE(Scratch.mark + TimeValue.microseconds);
  const mark = Object.values(Mark).find((each) => each === found);
  const threadId = Number(scratch.readBigInt64LE(Scratch.mark + TimeValue.seconds));
  return mark !== undefined && threadIsGone(libc, threadId) ? mark : undefined;
}

/** Whether the thread that has opened the lock file for this descriptor has ended. */
export function opensFileForGoneThread(libc: LibC, descriptor: number): boolean {
  const threadId = Number(libc.lseek(descriptor, 0, SEEK_CUR));
  return threadId > 0 && threadIsGone(libc, threadId);
}

/** Of this process. False where the system does not tell. */
function threadIsGone(libc: LibC, systemThreadId: number): boolean {
  const buffer = libc.scratchPointer + Scratch.structure;
  const written = libc.proc_pidinfo(
    process.pid,
    PROC_PIDTHREADID64INFO,
    systemThreadId,
    buffer,
    THREAD_INFO_BYTES,
  );
  // SYNC: where a sandbox denies the answer, it lives. To close the lock of a thread that lives would give its port to another one.
  return written === 0 && libc.errno() === ESRCH;
}
