/** The one table that says what an errno of a socket call means to portslice. */
import { PermissionError, ResourceLimitError, SystemCallError } from '../errors/index.ts';
import type { PortsliceError } from '../errors/index.ts';

export type ErrnoMeaning =
  | 'taken'
  | 'limit'
  | 'denied'
  | 'address-not-local'
  | 'family-unavailable'
  | 'fatal';

const MEANINGS: Readonly<Record<string, ErrnoMeaning>> = {
  EADDRINUSE: 'taken',
  EMFILE: 'limit',
  ENFILE: 'limit',
  ENOBUFS: 'limit',
  ENOMEM: 'limit',
  EACCES: 'denied',
  EPERM: 'denied',
  EADDRNOTAVAIL: 'address-not-local',
  EAFNOSUPPORT: 'family-unavailable',
};

const LIMITS: Readonly<Record<string, string>> = {
  EMFILE: 'this process has no descriptor left',
  ENFILE: 'the system has no descriptor left',
  ENOBUFS: 'the kernel has no buffer space left',
  ENOMEM: 'the kernel has no memory left',
};

/** A search asks for every port that is taken. */
const known = new Map<number, ErrnoMeaning>();

export function meaningOf(code: number): ErrnoMeaning {
  let meaning = known.get(code);
  if (meaning === undefined) {
    meaning = (code > 0 ? MEANINGS[errnoName(code)] : undefined) ?? 'fatal';
    known.set(code, meaning);
  }
  return meaning;
}

function errnoName(code: number): string {
  return process.getBuiltinModule('node:util').getSystemErrorName(-code);
}

/**
 * The errno of a call, 0 for success. V8 may itself call the C library between a call that fails and the reading of its errno: once in
 * some ten million claims a bind seemed to fail with EAGAIN, which bind does not know. So a call that fails otherwise than expected is
 * made once more; it must be one that changes nothing when it fails.
 */
export function errnoOf(
  call: () => number,
  errno: () => number,
  isExpected: (code: number) => boolean = isTaken,
): number {
  if (call() === 0) return 0;
  const code = errno();
  if (isExpected(code)) return code;
  return call() === 0 ? 0 : errno();
}

function isTaken(code: number): boolean {
  return meaningOf(code) === 'taken';
}

export interface ErrorOptions {
  readonly port?: number;
  /** What to do about a denial. */
  readonly denied?: string;
}

/** The typed error for a failed call; call it for every meaning that the caller does not handle itself. */
export function errorFor(systemCall: string, code: number, options?: ErrorOptions): PortsliceError {
  const name = errnoName(code);
  return errorOf(systemCall, { code, name, meaning: meaningOf(code), limit: LIMITS[name] }, options);
}

/** What a system's own table says of an error code. */
export interface ErrorCode {
  readonly code: number;
  readonly name: string;
  readonly meaning: ErrnoMeaning;
  /** What has run out. */
  readonly limit?: string | undefined;
}

/** As `errorFor`, for a system whose error codes are not those of C. */
export function errorOf(
  systemCall: string,
  { code, name, meaning, limit = name }: ErrorCode,
  { port, denied }: ErrorOptions = {},
): PortsliceError {
  switch (meaning) {
    case 'limit':
      return new ResourceLimitError({ systemCall, errnoName: name, limit });
    case 'denied':
      return new PermissionError({
        systemCall,
        errnoName: name,
        fix: denied ?? 'A sandbox or security profile forbids it: allow it there',
        port,
      });
    default:
      return new SystemCallError({ systemCall, errno: code, errnoName: name });
  }
}
