/** The one table that says what an errno of a socket call means to portslice. */
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { PermissionError, ResourceLimitError, SystemCallError } from '../errors.ts';
import type { PortsliceError } from '../errors.ts';

export type ErrnoMeaning =
  | 'taken'
  | 'limit'
  | 'denied'
  | 'address-not-local'
  | 'family-unavailable'
  | 'fatal';

const { errno } = constants;

const MEANINGS: ReadonlyMap<number, ErrnoMeaning> = new Map([
  [errno.EADDRINUSE, 'taken'],
  [errno.EMFILE, 'limit'],
  [errno.ENFILE, 'limit'],
  [errno.ENOBUFS, 'limit'],
  [errno.ENOMEM, 'limit'],
  [errno.EACCES, 'denied'],
  [errno.EPERM, 'denied'],
  [errno.EADDRNOTAVAIL, 'address-not-local'],
  [errno.EAFNOSUPPORT, 'family-unavailable'],
]);

const LIMITS: Readonly<Record<string, string>> = {
  EMFILE: 'this process has no descriptor left',
  ENFILE: 'the system has no descriptor left',
  ENOBUFS: 'the kernel has no buffer space left',
  ENOMEM: 'the kernel has no memory left',
};

export function meaningOf(code: number): ErrnoMeaning {
  return MEANINGS.get(code) ?? 'fatal';
}

function errnoName(code: number): string {
  return getSystemErrorName(-code);
}

/** The typed error for a failed call; call it for every meaning that the caller does not handle itself. */
export function errorFor(
  systemCall: string,
  code: number,
  options: { port?: number; denied?: string } = {},
): PortsliceError {
  const name = errnoName(code);
  switch (meaningOf(code)) {
    case 'limit':
      return new ResourceLimitError(systemCall, name, LIMITS[name] ?? name);
    case 'denied':
      return new PermissionError(
        systemCall,
        name,
        options.denied ?? 'A sandbox or security profile forbids it: allow it there',
        options.port,
      );
    default:
      return new SystemCallError(systemCall, code, name);
  }
}
