/** Who listens on a port, and where, and who has it for UDP, from /proc. Takes milliseconds: for messages, never on the way of an allocation. */
import { formatAddress } from '../../core/address-text.ts';
import type { Listener, ListeningSocket } from '../port-kernel.ts';
import { listProcesses, listSockets, readCommand, readText } from './proc.ts';
import { findDescendants } from './processes.ts';

const TIME_WAIT = '06';
const LISTEN = '0A';

const TCP_TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
const UDP_TABLES = ['/proc/net/udp', '/proc/net/udp6'];

interface InternetSocket {
  /** In hexadecimal, as in the table. */
  readonly address: string;
  readonly port: number;
  readonly state: string;
  readonly inode: string;
  readonly userId: number;
}

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
  const sockets = readSockets()?.filter((socket) => socket.port === port) ?? [];
  return sockets.length > 0 && sockets.every(({ state }) => state === TIME_WAIT);
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
    address: formatAddress(bytesOf(socket)),
    socketId: socket.inode,
    userId: socket.userId,
  }));
}

/** Each once: a table that changes while it is read can show a socket twice. */
function describeAll(sockets: readonly InternetSocket[]): string[] {
  return [...new Set(sockets.map(describeSocket))];
}

function listeningSockets(): InternetSocket[] | undefined {
  return readSockets()?.filter(({ state }) => state === LISTEN);
}

/** All sockets of both families; with IPv6 off there is no second table. */
function readSockets(paths: readonly string[] = TCP_TABLES): InternetSocket[] | undefined {
  const tables = paths.map((path) => readText(path));
  if (tables.every((table) => table === undefined)) return undefined;
  return tables.flatMap((table) => table?.split('\n') ?? []).flatMap(parseSocket);
}

function parseSocket(line: string): InternetSocket[] {
  const [, local, , state, , , , userId, , inode] = line.trim().split(/\s+/);
  const [address, port] = local?.split(':') ?? [];
  if (state === undefined || inode === undefined || address === undefined || port === undefined) return [];
  return [{ address, port: Number.parseInt(port, 16), state, inode, userId: Number(userId) }];
}

/** The table has an address as words of 32 bits in the byte order of the machine, which is little-endian wherever we run. */
function bytesOf({ address }: InternetSocket): number[] {
  const words = address.match(/.{8}/g) ?? [];
  return words.flatMap((word) => [...Buffer.from(word, 'hex')].toReversed());
}

function describeSocket(socket: InternetSocket): string {
  const bytes = bytesOf(socket);
  const text = formatAddress(bytes);
  return bytes.length === 4 ? `${text}:${socket.port}` : `[${text}]:${socket.port}`;
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
