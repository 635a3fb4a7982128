/** Random bytes of the kernel, which take less time than to load `node:crypto`. */
import { errorFor } from './errno.ts';
import type { LibC } from './libc.ts';
import { Scratch } from './scratch.ts';

/** @param byteLength at most 64 */
export function randomBytes(libc: LibC, byteLength: number): Buffer {
  if (libc.getentropy(libc.scratchPointer + Scratch.structure, byteLength) !== 0)
    throw errorFor('getentropy', libc.errno());
  return Buffer.from(libc.scratch.subarray(Scratch.structure, Scratch.structure + byteLength));
}
