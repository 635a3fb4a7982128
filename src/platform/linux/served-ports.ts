/**
 * Run ports that `portslice run` serves, as abstract AF_UNIX names, which die with their process:
 *
 *   portslice/name/<folder>/<name>                           one process serves the name
 *   portslice/name/<folder>/<name>/<port>/<pid>/<state>      which one, on which port, and whether it is ready
 *
 * Anybody may bind such a name. Whoever looks for one believes it only where the process is of the same user and has that
 * very socket.
 */
import type { ServedPort } from '../port-kernel.ts';
import type { LibC } from './libc.ts';
import { takeName } from './lock.ts';
import { listSockets } from './proc.ts';
import { findUser } from './processes.ts';
import { readUnixTable } from './unix-table.ts';

const nameOf = (folder: string, name: string): string => `portslice/name/${folder}/${name}`;

/** @returns the descriptor, or undefined if another process serves it */
export function takeServedName(libc: LibC, folder: string, name: string): number | undefined {
  return takeName(libc, nameOf(folder, name));
}

/** @returns the descriptor, or undefined if the name is squatted */
export function announceServedPort(libc: LibC, served: ServedPort): number | undefined {
  const { folder, name, port, processId, isReady } = served;
  return takeName(libc, `${nameOf(folder, name)}/${port}/${processId}/${isReady ? 'ready' : 'starting'}`);
}

export function findServedPorts(folder: string, name: string): ServedPort[] {
  const sockets = readUnixTable() ?? [];
  return sockets.flatMap((socket) => {
    const served = parseServedName(socket.name);
    if (served?.folder !== folder || served.name !== name) return [];
    return isProved(served.processId, socket.inode) ? [served] : [];
  });
}

const SERVED =
  /^portslice\/name\/([0-9a-f]{16})\/([a-z][a-z0-9_]{0,31})\/([1-9]\d{0,4})\/([1-9]\d{0,9})\/(ready|starting)$/;

/** What the second kind of names says, which is not proved; undefined: the name is none. */
export function parseServedName(text: string): ServedPort | undefined {
  const [, folder, name, port, processId, state] = SERVED.exec(text) ?? [];
  if (folder === undefined || name === undefined) return undefined;
  return { folder, name, port: Number(port), processId: Number(processId), isReady: state === 'ready' };
}

function isProved(processId: number, inode: string): boolean {
  return findUser(processId) === process.geteuid?.() && listSockets(processId).includes(inode);
}
