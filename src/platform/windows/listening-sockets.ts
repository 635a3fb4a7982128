/** Which sockets listen, and whose they are. Windows numbers no sockets: one is known by its process, its address and its port. */
import { formatAddress } from '../../core/address-text.ts';
import type { ListeningSocket } from '../port-kernel.ts';
import { TCP_TABLE_OWNER_PID_LISTENER } from './constants.ts';
import { parseTCPTables, readTables, type SocketTables, type TCPSocket } from './tcp-table.ts';
import { win32 } from './win32.ts';

/** What was found last. To compare the bytes takes a fraction of the time that it takes to read them. */
let known: { readonly tables: SocketTables; readonly sockets: readonly ListeningSocket[] } | undefined;

/** @returns the same array as the last time where nothing has changed; undefined if Windows does not tell */
export function readListeningSockets(): readonly ListeningSocket[] | undefined {
  const tables = readListenerTables();
  if (tables === undefined) return undefined;
  if (known?.tables.ipv4.equals(tables.ipv4) !== true || !known.tables.ipv6.equals(tables.ipv6))
    known = { tables, sockets: parseTCPTables(tables).map(describe) };
  return known.sockets;
}

export function listSockets(processId: number): readonly string[] {
  return readSockets().flatMap((socket) =>
    socket.processId === processId ? [describe(socket).socketId] : [],
  );
}

/** Wine answers that nobody has the sockets. */
export function canListSockets(): boolean {
  return readSockets().every((socket) => socket.processId !== undefined);
}

function readSockets(): TCPSocket[] {
  const tables = readListenerTables();
  return tables === undefined ? [] : parseTCPTables(tables);
}

function readListenerTables(): SocketTables | undefined {
  const api = win32();
  return readTables(api, api.tcpTable, TCP_TABLE_OWNER_PID_LISTENER);
}

function describe({ processId, address: bytes, port }: TCPSocket): ListeningSocket {
  const address = formatAddress(bytes);
  return { port, address, socketId: `${processId ?? '?'}/${address}/${port}`, userId: undefined };
}
