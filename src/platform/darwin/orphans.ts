/**
 * Locks and seals of terminated worker threads of this process. No record is needed to find them and none is believed: the
 * descriptor's own mark tells all. Only descriptors that carry our mark are ever closed.
 */
import { fileSystem } from '../file-system.ts';
import { withCloserMutex } from './closer-mutex.ts';
import type { LibC } from './libc.ts';
import { identifyLockFile, isLockFile } from './lock-file.ts';
import { findMarkOfGoneThread, Mark, opensFileForGoneThread } from './thread-descriptors.ts';

/** Where /dev/fd does not list our descriptors, these many are asked one by one. */
const MAX_SCANNED_DESCRIPTORS = 65_536;

/** Closes what terminated threads have left. @returns how many descriptors it closed */
export function closeOrphans(libc: LibC): number {
  if (findOrphans(libc).length === 0) return 0;
  // SYNC: found again inside. What has been found before may be closed, and its number somebody else's.
  return withCloserMutex(libc, () => closeAllOf(libc, findOrphans(libc))) ?? 0;
}

/** Seals first, as in every release: a lock is the last thing to go. */
function closeAllOf(libc: LibC, orphans: readonly Orphan[]): number {
  for (const { descriptor, isLock } of orphans) if (!isLock) libc.close(descriptor);
  for (const { descriptor, isLock } of orphans) if (isLock) libc.close(descriptor);
  return orphans.length;
}

interface Orphan {
  readonly descriptor: number;
  readonly isLock: boolean;
}

function findOrphans(libc: LibC): Orphan[] {
  const lockFile = identifyLockFile();
  return listDescriptors().flatMap((descriptor) => {
    const mark = findMarkOfGoneThread(libc, descriptor);
    if (mark !== undefined) return [{ descriptor, isLock: mark === Mark.lock }];
    const isOrphan =
      lockFile !== undefined && isLockFile(descriptor, lockFile) && opensFileForGoneThread(libc, descriptor);
    return isOrphan ? [{ descriptor, isLock: true }] : [];
  });
}

function listDescriptors(): number[] {
  try {
    return fileSystem().readdirSync('/dev/fd').map(Number);
  } catch {
    return Array.from({ length: MAX_SCANNED_DESCRIPTORS }, (_, descriptor) => descriptor);
  }
}
