/**
 * Locks and holds of terminated worker threads of this process. No record is needed to find them and none is believed:
 * the descriptor's own address and mark tell all. Only descriptors that carry our mark are ever closed.
 */
import type { LibC } from './libc.ts';
import { lockName, takeName } from './lock.ts';
import { boundName } from './sockets.ts';
import { openingThreadIsGone } from './thread-descriptors.ts';

/** Where /proc does not list our descriptors, these many are asked one by one. */
const MAX_SCANNED_DESCRIPTORS = 65_536;
const LOCK_PREFIX = lockName(0).slice(0, -1);

/**
 * Closes what terminated threads have left. @returns how many descriptors it closed
 * One thread at a time does this: a second one could close a number that has just been opened anew for something else.
 */
export function closeOrphans(libc: LibC): number {
  if (findOrphans(libc).length === 0) return 0;
  const mutex = takeName(libc, `portslice/orphans/${process.pid}`);
  if (mutex === undefined) return 0;
  try {
    const orphans = findOrphans(libc);
    // Holds first, as in every release: a lock is the last thing to go.
    const locks = orphans.filter((descriptor) => isLock(libc, descriptor));
    const holds = orphans.filter((descriptor) => !locks.includes(descriptor));
    for (const descriptor of [...holds, ...locks]) libc.close(descriptor);
    return orphans.length;
  } finally {
    libc.close(mutex);
  }
}

function findOrphans(libc: LibC): number[] {
  return listDescriptors().filter((descriptor) => openingThreadIsGone(libc, descriptor));
}

function isLock(libc: LibC, descriptor: number): boolean {
  return boundName(libc, descriptor)?.startsWith(LOCK_PREFIX) === true;
}

function listDescriptors(): number[] {
  try {
    return process.getBuiltinModule('node:fs').readdirSync('/proc/self/fd').map(Number);
  } catch {
    // No /proc, or one of another process namespace.
    return Array.from({ length: MAX_SCANNED_DESCRIPTORS }, (_, descriptor) => descriptor);
  }
}
