/** Who listens on a port, and where, from the system's tables. For messages, never on the way of an allocation. */
import type { Listener } from '../port-kernel.ts';
import { findDescendants, readCommand } from './processes.ts';
import { describeSocket, readSockets, type TCPSocket } from './tcp-table.ts';
import { win32 } from './win32.ts';

/** One entry a process. @returns undefined if Windows does not tell */
export function findListeners(port: number): Listener[] | undefined {
  const sockets = listeningSockets()?.filter((socket) => socket.port === port);
  const processIds = sockets && [...new Set(sockets.map(({ processId }) => processId))];
  return processIds?.map((processId) => ({
    processId,
    command: processId === undefined ? undefined : readCommand(processId),
    userId: undefined,
  }));
}

export function findListeningPorts(): ReadonlySet<number> | undefined {
  const sockets = listeningSockets();
  return sockets && new Set(sockets.map(({ port }) => port));
}

export function isOnlyInTimeWait(port: number): boolean {
  const sockets = readSockets(win32())?.filter((socket) => socket.port === port) ?? [];
  return sockets.length > 0 && sockets.every(({ state }) => state === 'time-wait');
}

export function findAddressesOfPort(port: number): string[] {
  return describeAll(listeningSockets()?.filter((socket) => socket.port === port));
}

export function findAddressesOfProcess(processId: number): string[] {
  const family = new Set([processId, ...findDescendants(processId)]);
  const isOfFamily = (socket: TCPSocket): boolean =>
    socket.processId !== undefined && family.has(socket.processId);
  return describeAll(listeningSockets()?.filter(isOfFamily));
}

function describeAll(sockets: readonly TCPSocket[] = []): string[] {
  return [...new Set(sockets.map(describeSocket))];
}

function listeningSockets(): TCPSocket[] | undefined {
  return readSockets(win32())?.filter(({ state }) => state === 'listening');
}
