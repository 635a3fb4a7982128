/** Darwin's numbers of errors (bsd/sys/errno.h). Named by this table wherever the code runs, so that it can run elsewhere. */
import type { PortsliceError } from '../../errors/index.ts';
import { errorOf, type ErrnoMeaning, type ErrorOptions } from '../errno.ts';

const KNOWN: Readonly<Record<number, readonly [name: string, meaning: ErrnoMeaning, limit?: string]>> = {
  1: ['EPERM', 'denied'],
  2: ['ENOENT', 'fatal'],
  3: ['ESRCH', 'fatal'],
  6: ['ENXIO', 'fatal'],
  9: ['EBADF', 'fatal'],
  12: ['ENOMEM', 'limit', 'the kernel has no memory left'],
  13: ['EACCES', 'denied'],
  17: ['EEXIST', 'fatal'],
  22: ['EINVAL', 'fatal'],
  23: ['ENFILE', 'limit', 'the system has no descriptor left'],
  24: ['EMFILE', 'limit', 'this process has no descriptor left'],
  28: ['ENOSPC', 'fatal'],
  35: ['EAGAIN', 'fatal'],
  38: ['ENOTSOCK', 'fatal'],
  47: ['EAFNOSUPPORT', 'family-unavailable'],
  48: ['EADDRINUSE', 'taken'],
  49: ['EADDRNOTAVAIL', 'address-not-local'],
  55: ['ENOBUFS', 'limit', 'the kernel has no buffer space left'],
  63: ['ENAMETOOLONG', 'fatal'],
};

export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const ENXIO = 6;
export const EEXIST = 17;
export const EAGAIN = 35;

export function meaningOf(code: number): ErrnoMeaning {
  return KNOWN[code]?.[1] ?? 'fatal';
}

export function isTaken(code: number): boolean {
  return meaningOf(code) === 'taken';
}

export function errnoName(code: number): string {
  return KNOWN[code]?.[0] ?? `errno ${code}`;
}

/** The typed error for a failed call; call it for every meaning that the caller does not handle itself. */
export function errorFor(systemCall: string, code: number, options?: ErrorOptions): PortsliceError {
  const [name, meaning, limit] = KNOWN[code] ?? [errnoName(code), 'fatal' as const];
  return errorOf(systemCall, { code, name, meaning, limit }, options);
}

/** The same for an error of Node's file system. Others stay as they are. */
export function typedError(error: unknown): unknown {
  const { code: name, syscall = 'open', path } = error as NodeJS.ErrnoException;
  const [code] = Object.entries(KNOWN).find(([, known]) => known[0] === name) ?? [];
  return code === undefined ? error : errorFor(`${syscall}(${path ?? ''})`, Number(code));
}
