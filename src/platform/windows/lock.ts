/**
 * The lock of a port: a mutex that a thread owns. It excludes every portslice process of the machine, of all users and sessions,
 * and ends with its thread, however that ends. The name is a protocol that never changes: versions exclude each other.
 */
import type { ErrorOptions } from '../errno.ts';
import {
  ERROR_ACCESS_DENIED,
  ERROR_INVALID_HANDLE,
  MUTANT_BASIC_INFORMATION,
  MutantBasicInformation,
  WAIT_ABANDONED,
  WAIT_OBJECT_0,
  WAIT_TIMEOUT,
} from './constants.ts';
import { windowsError } from './errno.ts';
import { Scratch } from './scratch.ts';
import { closeDescriptor, openRecorded } from './thread-descriptors.ts';
import type { Win32 } from './win32.ts';

/** `Global\` is every session's namespace; to create a mutex there needs no privilege. */
export function lockName(port: number): string {
  return `Global\\portslice-${port}`;
}

/** @returns the lock, or undefined if someone else has it, or this very thread. Only this thread can give it back */
export function takeLock(win32: Win32, port: number): number | undefined {
  return takeName(win32, lockName(port), { port });
}

/** As `takeLock`, with a name of any kind. @param facts for errors */
export function takeName(win32: Win32, name: string, facts?: ErrorOptions): number | undefined {
  const lock = openRecorded(win32, () => -win32.createMutex(0, 0, name));
  const mutex = -lock;
  if (mutex === 0) {
    const code = win32.lastError();
    // Another user's; and another kind of object that somebody has given this name.
    if (code === ERROR_ACCESS_DENIED || code === ERROR_INVALID_HANDLE) return undefined;
    throw windowsError('CreateMutexW', code, facts);
  }
  let isOurs = false;
  try {
    isOurs = own(win32, mutex);
    return isOurs ? lock : undefined;
  } finally {
    if (!isOurs) closeDescriptor(win32, lock);
  }
}

/** Whether we own it now, and did not before: a mutex lets its owner in a second time. */
function own(win32: Win32, mutex: number): boolean {
  const answer = win32.waitForSingleObject(mutex, 0);
  if (answer === WAIT_TIMEOUT) return false;
  // Abandoned: its last owner ended without giving it back.
  if (answer !== WAIT_OBJECT_0 && answer !== WAIT_ABANDONED)
    throw windowsError('WaitForSingleObject', win32.lastError());
  const count = readCount(win32, mutex);
  if (count === 0) return true;
  win32.releaseMutex(mutex);
  if (count === undefined) throw windowsError('NtQueryMutant', win32.lastError());
  return false;
}

/** 1 when nobody owns the mutex, 0 when its owner took it once, less when more often. Undefined if that cannot be asked. */
export function readCount(win32: Win32, mutex: number): number | undefined {
  const { byteLength, currentCount } = MutantBasicInformation;
  const result = win32.scratchPointer + Scratch.mutant;
  const status = win32.queryMutant(mutex, MUTANT_BASIC_INFORMATION, result, byteLength, 0);
  return status === 0 ? win32.scratch.readInt32LE(Scratch.mutant + currentCount) : undefined;
}

/** Gives a lock of this thread back. */
export function releaseLock(win32: Win32, lock: number): void {
  const released = win32.releaseMutex(-lock);
  const code = released === 0 ? win32.lastError() : 0;
  closeDescriptor(win32, lock);
  if (code !== 0) throw windowsError('ReleaseMutex', code);
}
