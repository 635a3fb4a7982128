/**
 * The lock of a port: an abstract AF_UNIX address, bound and never listened on. It excludes every portslice process
 * of the network namespace and dies with its process. The name is a protocol that never changes: versions exclude each other.
 */
import { isPortRange } from '../../core/port-range.ts';
import { errorFor, meaningOf } from '../errno.ts';
import type { LibC } from './libc.ts';
import { bindAbstract, openUnixSocket } from './sockets.ts';

const DENIED =
  'A sandbox forbids abstract socket addresses (AppArmor, seccomp, Landlock): allow them, portslice locks ports with them';

export function lockName(port: number): string {
  return `portslice/${port}`;
}

const LOCK = /^portslice\/([1-9]\d{0,4})$/;

/** The port; undefined: the name is none of a lock. */
export function parseLockName(name: string): number | undefined {
  const port = Number(LOCK.exec(name)?.[1]);
  return isPortRange(port, port) ? port : undefined;
}

/** @returns the lock's descriptor, or undefined if someone else has it */
export function takeLock(libc: LibC, port: number): number | undefined {
  return takeName(libc, lockName(port));
}

/** Binds any abstract name; main's beacon is one too. @throws ResourceLimitError, PermissionError, SystemCallError */
export function takeName(libc: LibC, name: string): number | undefined {
  const descriptor = openUnixSocket(libc);
  let bound = false;
  try {
    const code = bindAbstract(libc, descriptor, name);
    bound = code === 0;
    if (!bound && meaningOf(code) !== 'taken') throw errorFor(`bind(@${name})`, code, { denied: DENIED });
    return bound ? descriptor : undefined;
  } finally {
    // What fails between the opening of a descriptor and its use must not leave it open.
    if (!bound) libc.close(descriptor);
  }
}
