/** A folder that all processes of this user share, whatever their environment says, and nobody else can write. */
import { fileSystem } from '../file-system.ts';
import { threadState } from '../thread-state.ts';
import { CS_DARWIN_USER_TEMP_DIR } from './constants.ts';
import { errorFor } from './errno.ts';
import type { LibC } from './libc.ts';
import { Scratch, STRUCTURE_BYTES, textAt } from './scratch.ts';

export function ownFolder(libc: LibC): string {
  return threadState('own-folder', () => {
    const folder = `${temporaryFolder(libc)}/portslice`;
    fileSystem().mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  });
}

function temporaryFolder(libc: LibC): string {
  const at = Scratch.structure;
  const byteLength = Number(libc.confstr(CS_DARWIN_USER_TEMP_DIR, libc.scratchPointer + at, STRUCTURE_BYTES));
  if (byteLength === 0 || byteLength > STRUCTURE_BYTES)
    throw errorFor('confstr(_CS_DARWIN_USER_TEMP_DIR)', libc.errno());
  return textAt(libc.scratch, at, at + byteLength).replace(/\/$/, '');
}
