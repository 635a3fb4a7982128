/**
 * Locks and holds of terminated worker threads of this process. No record is needed to find them and none is believed:
 * the descriptor's own address and mark tell all. Only descriptors that carry our mark are ever closed.
 *
 * Two threads must not close the same number: it can have been opened anew for something else in between. So a thread
 * closes only what it finds while it has a mutex, which is an abstract name. It can be terminated just then, and the
 * mutex becomes an orphan itself. Those of one level are therefore closed by whoever has the mutex of the next one:
 * locks and holds under mutex 0, a left mutex 0 under mutex 1, and so on.
 */
import { fileSystem } from '../file-system.ts';
import type { LibC } from './libc.ts';
import { lockName, takeName } from './lock.ts';
import { boundName } from './sockets.ts';
import { openingThreadIsGone } from './thread-descriptors.ts';

/** Where /proc does not list our descriptors, these many are asked one by one. */
const MAX_SCANNED_DESCRIPTORS = 65_536;
const LOCK_PREFIX = lockName(0).slice(0, -1);
const MUTEX_PREFIX = `portslice/orphans/${process.pid}/`;

/** Closes what terminated threads have left. @returns how many descriptors it closed */
export function closeOrphans(libc: LibC): number {
  const levels = new Set(findOrphans(libc).map(({ level }) => level));
  // The highest first: a left mutex is in the way of the level below.
  const closed = [...levels].toSorted((a, b) => b - a).map((level) => closeLevel(libc, level));
  return closed.reduce((sum, count) => sum + count, 0);
}

function closeLevel(libc: LibC, level: number): number {
  const mutex = takeName(libc, `${MUTEX_PREFIX}${level}`);
  if (mutex === undefined) return 0;
  try {
    // SYNC: found only now. What has been found before may be closed, and its number somebody else's.
    const orphans = findOrphans(libc).filter((orphan) => orphan.level === level);
    // Holds first, as in every release: a lock is the last thing to go.
    for (const { descriptor, isLock } of orphans) if (!isLock) libc.close(descriptor);
    for (const { descriptor, isLock } of orphans) if (isLock) libc.close(descriptor);
    return orphans.length;
  } finally {
    libc.close(mutex);
  }
}

interface Orphan {
  readonly descriptor: number;
  readonly isLock: boolean;
  /** Of the mutex under which it may be closed. */
  readonly level: number;
}

function findOrphans(libc: LibC): Orphan[] {
  const descriptors = listDescriptors().filter((descriptor) => openingThreadIsGone(libc, descriptor));
  return descriptors.map((descriptor) => {
    const name = boundName(libc, descriptor) ?? '';
    const level = name.startsWith(MUTEX_PREFIX) ? 1 + Number(name.slice(MUTEX_PREFIX.length)) : 0;
    return { descriptor, isLock: name.startsWith(LOCK_PREFIX), level };
  });
}

function listDescriptors(): number[] {
  try {
    return fileSystem().readdirSync('/proc/self/fd').map(Number);
  } catch {
    // No /proc, or one of another process namespace.
    return Array.from({ length: MAX_SCANNED_DESCRIPTORS }, (_, descriptor) => descriptor);
  }
}
