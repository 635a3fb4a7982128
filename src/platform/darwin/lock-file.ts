/**
 * Locks of ports where the loopback interface has no link-local address: byte n of one file is the lock of port n. It belongs to
 * what was opened, not to the process, so that threads exclude each other too, and ends with it.
 */
import { PermissionError } from '../../errors/index.ts';
import { errnoOf } from '../errno.ts';
import { fileSystem } from '../file-system.ts';
import { F_OFD_SETLK, F_WRLCK, FileLock, O_CLOEXEC, O_CREAT, O_EXCL, O_RDWR, SEEK_SET } from './constants.ts';
import { EAGAIN, EEXIST, ENOENT, errorFor } from './errno.ts';
import type { LibC } from './libc.ts';
import { Scratch } from './scratch.ts';

/** All users share it. In /tmp the system deletes files that were not used for three days. */
export const LOCK_FILE = '/var/tmp/portslice.lock';
const EVERYBODY = 0o666;
/** The file can be deleted between its opening and its locking; not again and again. */
const MAX_TRIES = 8;

/** @returns the lock's descriptor, or undefined if someone else has it */
export function lockInFile(libc: LibC, port: number): number | undefined {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const descriptor = openLockFile(libc);
    if (descriptor === undefined) continue;
    let isOurs = false;
    try {
      if (!lockByte(libc, descriptor, port)) return undefined;
      // SYNC: only now. A lock in a file that has been deleted keeps nobody out who opens the next one.
      isOurs = isStillThere(descriptor);
      if (isOurs) return descriptor;
    } finally {
      if (!isOurs) libc.close(descriptor);
    }
  }
  throw new PermissionError({
    systemCall: `open(${LOCK_FILE})`,
    errnoName: 'ENOENT',
    port,
    fix: 'Something deletes this file all the time, in which portslice locks ports: let it stay',
  });
}

/** Marked as this thread's. @returns undefined if the file has come or gone meanwhile */
function openLockFile(libc: LibC): number | undefined {
  const { open, lseek, systemThreadId, isMainThread } = libc;
  let descriptor = open(LOCK_FILE, O_RDWR | O_CLOEXEC, 'int', 0);
  if (descriptor !== -1 && !isMainThread) lseek(descriptor, systemThreadId, SEEK_SET);
  if (descriptor !== -1) return descriptor;
  if (libc.errno() === ENOENT) {
    // Exclusively: a system can refuse to open another user's file with O_CREAT in a folder that all share.
    descriptor = open(LOCK_FILE, O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL, 'int', EVERYBODY);
    if (descriptor !== -1 && !isMainThread) lseek(descriptor, systemThreadId, SEEK_SET);
    // Whatever the process's umask takes away.
    if (descriptor !== -1) libc.fchmod(descriptor, EVERYBODY);
    if (descriptor !== -1) return descriptor;
    if (libc.errno() === EEXIST) return undefined;
  }
  const code = libc.errno();
  const denied = `portslice locks ports in ${LOCK_FILE}: let every user read and write it`;
  throw errorFor(`open(${LOCK_FILE})`, code, { denied });
}

function lockByte(libc: LibC, descriptor: number, port: number): boolean {
  const { scratch, scratchPointer } = libc;
  scratch.fill(0, Scratch.fileLock, Scratch.fileLock + FileLock.bytes);
  scratch.writeBigInt64LE(BigInt(port), Scratch.fileLock + FileLock.start);
  scratch.writeBigInt64LE(1n, Scratch.fileLock + FileLock.byteLength);
  scratch.writeInt16LE(F_WRLCK, Scratch.fileLock + FileLock.type);
  const setLock = (): number =>
    libc.fcntl(descriptor, F_OFD_SETLK, 'uintptr_t', scratchPointer + Scratch.fileLock);
  const code = errnoOf(setLock, libc.errno, (errno) => errno === EAGAIN);
  if (code === 0) return true;
  if (code === EAGAIN) return false;
  throw errorFor('fcntl(F_OFD_SETLK)', code);
}

function isStillThere(descriptor: number): boolean {
  return isLockFile(descriptor, identifyLockFile());
}

/** Undefined: there is none. */
export function identifyLockFile(): string | undefined {
  const status = fileSystem().statSync(LOCK_FILE, { throwIfNoEntry: false });
  return status && `${status.dev}:${status.ino}`;
}

export function isLockFile(descriptor: number, identity: string | undefined): boolean {
  try {
    const { dev, ino } = fileSystem().fstatSync(descriptor);
    return `${dev}:${ino}` === identity;
  } catch {
    // Closed by now.
    return false;
  }
}
