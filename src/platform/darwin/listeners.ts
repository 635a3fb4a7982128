/** Who listens on a port, and where, from the system's table. It copies all of it: for messages, never on the way of an allocation. */
import { bracketed, formatAddress } from '../../core/address-text.ts';
import type { Listener, ListeningSocket } from '../port-kernel.ts';
import { isLockAddress } from './lock.ts';
import { readCommand, readNamed } from './proc.ts';
import { findDescendants } from './processes.ts';
import { parseSocketTable, type InternetSocket } from './socket-table.ts';

/** @returns undefined if the table cannot be read */
export function findListeners(port: number): Listener[] | undefined {
  const sockets = listeningSockets()?.filter((socket) => socket.port === port);
  // One entry a process, however many sockets it has.
  const owners = sockets && new Map(sockets.map((socket) => [socket.processId, describeOwner(socket)]));
  return owners && [...owners.values()];
}

export function findListeningPorts(): ReadonlySet<number> | undefined {
  const sockets = listeningSockets();
  return sockets && new Set(sockets.map(({ port }) => port));
}

/** Our own locks are no sign of anything. */
export function isOnlyInTimeWait(port: number): boolean {
  const sockets = readSockets()?.filter((each) => each.port === port && !isLockAddress(each.address)) ?? [];
  return sockets.length > 0 && sockets.every(({ state }) => state === 'time-wait');
}

export function findAddressesOfPort(port: number): string[] {
  return describeAll(listeningSockets()?.filter((socket) => socket.port === port));
}

export function findAddressesOfProcess(processId: number): string[] {
  const family = new Set([processId, ...findDescendants(processId)]);
  return describeAll(listeningSockets()?.filter((socket) => family.has(socket.processId)));
}

export function readSockets(transport: 'tcp' | 'udp' = 'tcp'): InternetSocket[] | undefined {
  const table = readNamed(`net.inet.${transport}.pcblist_n`);
  return table && parseSocketTable(table, transport);
}

let lastSeen: readonly ListeningSocket[] = [];

/** @returns the same array as the last time where nothing has changed; undefined if the table cannot be read */
export function readListeningSockets(): readonly ListeningSocket[] | undefined {
  const sockets = listeningSockets();
  if (sockets === undefined) return undefined;
  const isSame =
    sockets.length === lastSeen.length &&
    sockets.every(({ handle, userId }, at) => {
      const before = lastSeen[at];
      return handle === before?.socketId && userId === before.userId;
    });
  if (!isSame)
    lastSeen = sockets.map(({ port, address, handle, userId }) => ({
      port,
      address: formatAddress(address),
      socketId: handle,
      userId,
    }));
  return lastSeen;
}

function listeningSockets(): InternetSocket[] | undefined {
  return readSockets()?.filter(({ state }) => state === 'listening');
}

function describeOwner({ processId, userId }: InternetSocket): Listener {
  const command = readCommand(processId);
  // A process that has ended while others go on with its socket.
  return { processId: command === undefined ? undefined : processId, command, userId };
}

function describeAll(sockets: readonly InternetSocket[] = []): string[] {
  return [...new Set(sockets.map(describeSocket))];
}

function describeSocket({ address, port }: InternetSocket): string {
  return `${bracketed(formatAddress(address))}:${port}`;
}
