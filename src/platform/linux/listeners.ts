/** Who listens on a port, and where, and who has it for UDP, from /proc. Takes milliseconds: for messages, never on the way of an allocation. */
import { bracketed } from '../../core/address-text.ts';
import type { Listener, ListeningSocket } from '../port-kernel.ts';
import { TCPState } from './constants.ts';
import { listProcesses, listSockets, readCommand } from './proc.ts';
import { findDescendants } from './processes.ts';
import { type InternetSocket, readSockets, TCP_TABLES, textOfAddress, UDP_TABLES } from './socket-tables.ts';

/** @returns undefined if /proc cannot be read */
export function findListeners(port: number): Listener[] | undefined {
  const sockets = listeningSockets()?.filter((socket) => socket.port === port);
  return sockets?.length === 0 ? [] : sockets && findOwners(sockets);
}

/** @returns undefined if /proc cannot be read */
export function findUDPUsers(port: number): Listener[] | undefined {
  const sockets = readSockets(UDP_TABLES)?.filter((socket) => socket.port === port);
  return sockets?.length === 0 ? [] : sockets && findOwners(sockets);
}

export function findListeningPorts(): ReadonlySet<number> | undefined {
  const sockets = listeningSockets();
  return sockets && new Set(sockets.map(({ port }) => port));
}

export function isOnlyInTimeWait(port: number): boolean {
  const sockets = readSockets(TCP_TABLES)?.filter((socket) => socket.port === port) ?? [];
  return sockets.length > 0 && sockets.every(({ state }) => state === TCPState.timeWait);
}

export function findAddressesOfPort(port: number): string[] {
  const sockets = listeningSockets()?.filter((socket) => socket.port === port);
  return describeAll(sockets ?? []);
}

export function findAddressesOfProcess(processId: number): string[] {
  const inodes = new Set([processId, ...findDescendants(processId)].flatMap(listSockets));
  const sockets = listeningSockets()?.filter(({ inode }) => inodes.has(inode));
  return describeAll(sockets ?? []);
}

/** @returns undefined if /proc cannot be read */
export function readListeningSockets(): ListeningSocket[] | undefined {
  return listeningSockets()?.map((socket) => ({
    port: socket.port,
    address: textOfAddress(socket.address),
    socketId: socket.inode,
    userId: socket.userId,
  }));
}

/** Each once: a table that changes while it is read can show a socket twice. */
function describeAll(sockets: readonly InternetSocket[]): string[] {
  return [...new Set(sockets.map(describeSocket))];
}

function listeningSockets(): InternetSocket[] | undefined {
  return readSockets(TCP_TABLES)?.filter(({ state }) => state === TCPState.listen);
}

function describeSocket({ address, port }: InternetSocket): string {
  return `${bracketed(textOfAddress(address))}:${port}`;
}

/** One entry a process; a socket that several have inherited is listed for each. */
function findOwners(sockets: readonly InternetSocket[]): Listener[] {
  const targets = new Map(sockets.map((socket) => [socket.inode, socket]));
  const found: Listener[] = [];
  const seen = new Set<InternetSocket>();
  for (const processId of listProcesses()) {
    const held = listSockets(processId).flatMap((inode) => targets.get(inode) ?? []);
    const [first] = held;
    if (first === undefined) continue;
    held.forEach((socket) => seen.add(socket));
    found.push({ processId, command: readCommand(processId), userId: first.userId });
  }
  const hidden = sockets.filter((socket) => !seen.has(socket));
  return [...found, ...hidden.map(({ userId }) => ({ processId: undefined, command: undefined, userId }))];
}
