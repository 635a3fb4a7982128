/**
 * Run ports that `portslice run` serves, as files in the user's own folder, each locked by its process as long as that lives:
 *
 *   name.<folder>.<name>                          one process serves the name
 *   served.<folder>.<name>.<port>.<pid>.<state>   which one, on which port, and whether it is ready
 *
 * Who gets the lock of one of the second kind takes it away: its process has ended. Whoever looks for one believes it only where
 * the process has that very file open.
 */
import { fileSystem } from '../file-system.ts';
import type { ServedPort } from '../port-kernel.ts';
import { LOCK_EX, LOCK_NB, LOCK_SH, O_CLOEXEC, O_CREAT, O_EXCL, O_RDWR } from './constants.ts';
import { hasFileOpen, identifyFile } from './descriptors.ts';
import { EEXIST, ENOENT, errorFor } from './errno.ts';
import { libc, type LibC } from './libc.ts';
import { ownFolder } from './own-folder.ts';
import { findUser } from './processes.ts';

const OWNER_ONLY = 0o600;

const nameOf = (folder: string, name: string): string => `${folder}.${name}`;

/** @returns the descriptor, or undefined if another process serves it */
export function takeServedName(c: LibC, folder: string, name: string): number | undefined {
  const path = `${ownFolder(c)}/name.${nameOf(folder, name)}`;
  // Nobody takes this file away, so there is one lock.
  const descriptor = open(c, path, O_RDWR | O_CREAT);
  if (descriptor !== undefined && c.flock(descriptor, LOCK_EX | LOCK_NB) === 0) return descriptor;
  if (descriptor !== undefined) c.close(descriptor);
  return undefined;
}

/** @returns the descriptor, or undefined if the name is squatted */
export function announceServedPort(c: LibC, served: ServedPort): number | undefined {
  const { folder, name, port, processId, isReady } = served;
  const file = `${nameOf(folder, name)}.${port}.${processId}.${isReady ? 'ready' : 'starting'}`;
  const [unlocked, path] = [`${ownFolder(c)}/new.${file}`, `${ownFolder(c)}/served.${file}`];
  fileSystem().rmSync(unlocked, { force: true });
  const descriptor = open(c, unlocked, O_RDWR | O_CREAT | O_EXCL);
  if (descriptor === undefined) return undefined;
  // Nobody else has a reason to lock a file that is new.
  if (c.flock(descriptor, LOCK_EX | LOCK_NB) !== 0) {
    const code = c.errno();
    c.close(descriptor);
    throw errorFor('flock', code);
  }
  // SYNC: under this name only now, or somebody who looks at this moment would take it for abandoned.
  fileSystem().renameSync(unlocked, path);
  return descriptor;
}

export function findServedPorts(folder: string, name: string): ServedPort[] {
  const beginning = `served.${nameOf(folder, name)}.`;
  return listFiles()
    .filter((file) => file.startsWith(beginning))
    .flatMap(readServed);
}

/** Of every folder and name. */
export function findAllServedPorts(): ServedPort[] {
  return listFiles().flatMap(readServed);
}

function listFiles(): string[] {
  return fileSystem().readdirSync(ownFolder(libc()));
}

const FILE = /^served\.([0-9a-f]+)\.([a-z][a-z0-9_]*)\.([1-9]\d{0,4})\.([1-9]\d{0,9})\.(ready|starting)$/;

/** None if the file is something else, or is not proved. */
function readServed(file: string): ServedPort[] {
  const [, folder, name, port, pid, state] = FILE.exec(file) ?? [];
  if (folder === undefined || name === undefined) return [];
  const c = libc();
  const processId = Number(pid);
  if (!isProved(c, `${ownFolder(c)}/${file}`, processId)) return [];
  return [{ folder, name, port: Number(port), processId, isReady: state === 'ready' }];
}

/** Takes away what is not locked. Those who look at the same time share the lock, so that none takes another one for its process. */
function isProved(c: LibC, path: string, processId: number): boolean {
  const descriptor = open(c, path, O_RDWR);
  if (descriptor === undefined) return false;
  try {
    if (c.flock(descriptor, LOCK_SH | LOCK_NB) !== 0)
      return findUser(processId) === process.geteuid?.() && hasFileOpen(processId, identifyFile(descriptor));
    fileSystem().rmSync(path, { force: true });
    return false;
  } finally {
    c.close(descriptor);
  }
}

/** @returns undefined if it is there already, or not there */
function open(c: LibC, path: string, flags: number): number | undefined {
  const descriptor = c.open(path, flags | O_CLOEXEC, 'int', OWNER_ONLY);
  if (descriptor !== -1) return descriptor;
  const code = c.errno();
  if (code === EEXIST || code === ENOENT) return undefined;
  throw errorFor(`open(${path})`, code);
}
