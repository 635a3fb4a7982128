/** Random bytes of the kernel. `node:crypto` has them too, but takes longer to load than everything else of portslice. */
import { errorFor } from '../errno.ts';
import type { LibC } from './libc.ts';
import { Scratch } from './scratch.ts';

/** @param byteLength at most 64: so few always come at once */
export function randomBytes(libc: LibC, byteLength: number): Buffer {
  const result = libc.getrandom(libc.scratchPointer + Scratch.structure, byteLength, 0);
  if (result !== byteLength) throw errorFor('getrandom', libc.errno());
  return Buffer.from(libc.scratch.subarray(Scratch.structure, Scratch.structure + byteLength));
}
