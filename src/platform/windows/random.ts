/** Random bytes of the system. `node:crypto` has them too, but takes longer to load than everything else of portslice. */
import { BCRYPT_USE_SYSTEM_PREFERRED_RNG } from './constants.ts';
import { windowsError } from './errno.ts';
import { Scratch } from './scratch.ts';
import type { Win32 } from './win32.ts';

/** @param byteLength at most 64 */
export function randomBytes(win32: Win32, byteLength: number): Buffer {
  const result = win32.scratchPointer + Scratch.structure;
  const status = win32.randomBytes(0, result, byteLength, BCRYPT_USE_SYSTEM_PREFERRED_RNG);
  if (status !== 0) throw windowsError('BCryptGenRandom', status);
  return Buffer.from(win32.scratch.subarray(Scratch.structure, Scratch.structure + byteLength));
}
