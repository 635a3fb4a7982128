/** The files that stand for shared memory, so that it can be found, and taken away when its creator has died. */
import { fileSystem } from '../file-system.ts';
import { LOCK_EX, LOCK_NB } from './constants.ts';
import { errorFor } from './errno.ts';
import type { LibC } from './libc.ts';
import { ownFolder } from './own-folder.ts';

const FILE_NAME = /^shm\.([0-9a-f]{16})$/;
/** What is written there when the memory is filled. */
const TEXT = /^[1-9]\d{0,9}$/;
const OWNER_ONLY = 0o600;

export interface Marker {
  readonly name: string;
  /** From now on others find it. */
  write(text: string): void;
  remove(): void;
}

/** Locked as long as this thread lives: Node closes the files of a terminated one. */
export function createMarker(libc: LibC, name: string): Marker {
  const { closeSync, openSync, renameSync, rmSync, writeSync } = fileSystem();
  const [unlocked, path] = [`${ownFolder(libc)}/new.${name}`, pathOf(libc, name)];
  const descriptor = openSync(unlocked, 'wx', OWNER_ONLY);
  try {
    if (!tryToLock(libc, descriptor)) throw errorFor('flock', libc.errno());
    // SYNC: under this name only now, or somebody who looks at this moment would take it for abandoned.
    renameSync(unlocked, path);
  } catch (error) {
    rmSync(unlocked, { force: true });
    closeSync(descriptor);
    throw error;
  }
  return {
    name,
    write: (text) => void writeSync(descriptor, text),
    remove: () => {
      rmSync(path, { force: true });
      closeSync(descriptor);
    },
  };
}

/** Those that are written. */
export function findMarkers(libc: LibC): { readonly name: string; readonly text: string }[] {
  return listNames(libc).flatMap((name) => {
    const text = readText(pathOf(libc, name));
    return TEXT.test(text) ? [{ name, text }] : [];
  });
}

/** @param removeMemory what the file has stood for */
export function removeAbandoned(libc: LibC, removeMemory: (name: string) => void): void {
  for (const name of listNames(libc)) {
    whileLocked(libc, name, () => {
      removeMemory(name);
      fileSystem().rmSync(pathOf(libc, name), { force: true });
    });
  }
}

/** Whether its creator has died, or has taken it away. */
export function isAbandoned(libc: LibC, name: string): boolean {
  return whileLocked(libc, name, () => undefined) !== 'locked by another';
}

/** If nobody has it. */
function whileLocked(libc: LibC, name: string, act: () => void): 'done' | 'gone' | 'locked by another' {
  const descriptor = openIfThere(pathOf(libc, name));
  if (descriptor === undefined) return 'gone';
  try {
    if (!tryToLock(libc, descriptor)) return 'locked by another';
    act();
    return 'done';
  } finally {
    fileSystem().closeSync(descriptor);
  }
}

function pathOf(libc: LibC, name: string): string {
  return `${ownFolder(libc)}/shm.${name}`;
}

function tryToLock(libc: LibC, descriptor: number): boolean {
  return libc.flock(descriptor, LOCK_EX | LOCK_NB) === 0;
}

function listNames(libc: LibC): string[] {
  return fileSystem()
    .readdirSync(ownFolder(libc))
    .flatMap((file) => FILE_NAME.exec(file)?.[1] ?? []);
}

/** Others may take it away meanwhile. */
function openIfThere(path: string): number | undefined {
  try {
    return fileSystem().openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function readText(path: string): string {
  try {
    return fileSystem().readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
