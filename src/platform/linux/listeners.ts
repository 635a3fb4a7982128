/** Who listens on a port, from /proc. Takes milliseconds: for messages, never on the way of an allocation. */
import { fileSystem } from '../file-system.ts';
import type { Listener } from '../port-kernel.ts';

const TIME_WAIT = '06';
const LISTEN = '0A';

interface TCPSocket {
  readonly state: string;
  readonly inode: string;
  readonly userId: number;
}

/** @returns undefined if /proc cannot be read */
export function findListeners(port: number): Listener[] | undefined {
  const listening = readSockets(port)?.filter(({ state }) => state === LISTEN);
  return listening?.length === 0 ? [] : listening && findOwners(listening);
}

export function isOnlyInTimeWait(port: number): boolean {
  const sockets = readSockets(port) ?? [];
  return sockets.length > 0 && sockets.every(({ state }) => state === TIME_WAIT);
}

/** All sockets of both families with that local port. */
function readSockets(port: number): TCPSocket[] | undefined {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(readTable);
  return tables.length === 0 ? undefined : tables.flatMap((line) => parseSocket(line, port));
}

/** The lines of a table; with IPv6 off there is no second one. */
function readTable(path: string): string[] {
  try {
    return fileSystem().readFileSync(path, 'latin1').split('\n');
  } catch {
    return [];
  }
}

function parseSocket(line: string, port: number): TCPSocket[] {
  const [, local, , state, , , , userId, , inode] = line.trim().split(/\s+/);
  if (state === undefined || inode === undefined || local === undefined) return [];
  const localPort = Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16);
  return localPort === port ? [{ state, inode, userId: Number(userId) }] : [];
}

/** One entry a process; a socket that several have inherited is listed for each. */
function findOwners(sockets: readonly TCPSocket[]): Listener[] {
  const targets = new Map(sockets.map((socket) => [`socket:[${socket.inode}]`, socket]));
  const found: Listener[] = [];
  const seen = new Set<TCPSocket>();
  for (const processId of listNumbers('/proc')) {
    const held = listNumbers(`/proc/${processId}/fd`).flatMap((descriptor) => {
      const socket = targets.get(readLink(`/proc/${processId}/fd/${descriptor}`));
      return socket === undefined ? [] : [socket];
    });
    const [first] = held;
    if (first === undefined) continue;
    held.forEach((socket) => seen.add(socket));
    found.push({ processId, command: readCommand(processId), userId: first.userId });
  }
  const hidden = sockets.filter((socket) => !seen.has(socket));
  return [...found, ...hidden.map(({ userId }) => ({ processId: undefined, command: undefined, userId }))];
}

function listNumbers(folder: string): number[] {
  try {
    return fileSystem().readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    // Gone, or another user's.
    return [];
  }
}

function readLink(path: string): string {
  try {
    return fileSystem().readlinkSync(path);
  } catch {
    return '';
  }
}

function readCommand(processId: number): string | undefined {
  try {
    const text = fileSystem().readFileSync(`/proc/${processId}/cmdline`, 'utf8').replaceAll('\0', ' ');
    // Arguments may have line breaks; messages are one line.
    return text.replaceAll(/\s+/g, ' ').trim();
  } catch {
    return undefined;
  }
}
