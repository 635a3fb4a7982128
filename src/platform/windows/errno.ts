/** What error codes of Winsock and of Windows mean to portslice: winsock2.h, winerror.h. */
import type { PortsliceError } from '../../errors/index.ts';
import { type ErrnoMeaning, type ErrorCode, errorOf, type ErrorOptions } from '../errno.ts';

const NAMES: Readonly<Record<number, string>> = {
  5: 'ERROR_ACCESS_DENIED',
  8: 'ERROR_NOT_ENOUGH_MEMORY',
  1450: 'ERROR_NO_SYSTEM_RESOURCES',
  1455: 'ERROR_COMMITMENT_LIMIT',
  10_013: 'WSAEACCES',
  10_022: 'WSAEINVAL',
  10_024: 'WSAEMFILE',
  10_038: 'WSAENOTSOCK',
  10_047: 'WSAEAFNOSUPPORT',
  10_048: 'WSAEADDRINUSE',
  10_049: 'WSAEADDRNOTAVAIL',
  10_050: 'WSAENETDOWN',
  10_055: 'WSAENOBUFS',
};

const MEANINGS: Readonly<Record<number, ErrnoMeaning>> = {
  5: 'denied',
  8: 'limit',
  1450: 'limit',
  1455: 'limit',
  // Windows answers so where another has the port exclusively, and for the ports that it keeps for itself.
  10_013: 'taken',
  10_024: 'limit',
  10_047: 'family-unavailable',
  10_048: 'taken',
  10_049: 'address-not-local',
  10_055: 'limit',
};

const LIMITS: Readonly<Record<number, string>> = {
  8: 'Windows has no memory left',
  1450: 'Windows has no resources left',
  1455: 'Windows can promise no more memory: its page file is too small',
  10_024: 'this process has no socket left',
  10_055: 'Windows has no buffer space left',
};

export function meaningOf(code: number): ErrnoMeaning {
  return MEANINGS[code] ?? 'fatal';
}

/** The typed error for a failed call. */
export function windowsError(systemCall: string, code: number, options?: ErrorOptions): PortsliceError {
  const name = NAMES[code] ?? `error ${code}`;
  const error: ErrorCode = { code, name, meaning: meaningOf(code), limit: LIMITS[code] };
  return errorOf(systemCall, error, options);
}
