/** The system's table of TCP sockets: bytes of GetExtendedTcpTable, parsed. Sockets that are only bound are not in it. */
import { formatAddress } from '../../core/address-text.ts';
import type { BoundAddresses, InternetAddress } from '../port-kernel.ts';
import {
  AF_INET,
  AF_INET6,
  ERROR_INSUFFICIENT_BUFFER,
  MIB_TCP_STATE_LISTEN,
  MIB_TCP_STATE_TIME_WAIT,
  TCP_TABLE_OWNER_PID_ALL,
  TCPTable,
} from './constants.ts';
import { Scratch } from './scratch.ts';
import type { Win32 } from './win32.ts';

type Family = InternetAddress['family'];

export interface TCPSocket {
  readonly family: Family;
  readonly address: Uint8Array;
  readonly port: number;
  readonly state: 'listening' | 'time-wait' | 'other';
  /** Undefined for what belongs to no process any more. */
  readonly processId: number | undefined;
}

const FIRST_TABLE_BYTES = 16 * 1024;
/** Sockets are opened while we ask for the size. */
const MAX_TRIES = 8;

/** The bytes of both tables; without IPv6 the second one is empty. */
export interface TCPTables {
  readonly ipv4: Buffer;
  readonly ipv6: Buffer;
}

/** All sockets of both families. @returns undefined if Windows does not tell */
export function readSockets(win32: Win32): TCPSocket[] | undefined {
  const tables = readTables(win32, TCP_TABLE_OWNER_PID_ALL);
  return tables && parseTCPTables(tables);
}

/** @param kind which sockets: TCP_TABLE_OWNER_PID_... . @returns undefined if Windows does not tell */
export function readTables(win32: Win32, kind: number): TCPTables | undefined {
  const ipv4 = readTable(win32, AF_INET, kind);
  const ipv6 = readTable(win32, AF_INET6, kind) ?? Buffer.alloc(TCPTable.rows);
  return ipv4 && { ipv4, ipv6 };
}

export function parseTCPTables({ ipv4, ipv6 }: TCPTables): TCPSocket[] {
  return [...parseTCPTable(ipv4, 'ipv4'), ...parseTCPTable(ipv6, 'ipv6')];
}

function readTable(win32: Win32, family: number, kind: number): Buffer | undefined {
  const length = win32.scratchPointer + Scratch.length;
  let byteLength = FIRST_TABLE_BYTES;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { buffer, pointer } = win32.allocate(byteLength);
    win32.scratch.writeUInt32LE(byteLength, Scratch.length);
    const code = win32.tcpTable(pointer, length, 0, family, kind, 0);
    if (code === 0) return buffer;
    if (code !== ERROR_INSUFFICIENT_BUFFER) return undefined;
    byteLength = Math.max(2 * byteLength, win32.scratch.readUInt32LE(Scratch.length));
  }
  return undefined;
}

export function parseTCPTable(table: Buffer, family: Family): TCPSocket[] {
  const layout = TCPTable[family];
  const rowCount = Math.min(
    table.readUInt32LE(TCPTable.count),
    Math.floor((table.length - TCPTable.rows) / layout.rowBytes),
  );
  return Array.from({ length: rowCount }, (_, row) => {
    const at = TCPTable.rows + row * layout.rowBytes;
    const address = at + layout.address;
    const processId = table.readUInt32LE(at + layout.processId);
    return {
      family,
      address: Uint8Array.from(table.subarray(address, address + layout.addressBytes)),
      port: table.readUInt16BE(at + layout.port),
      state: nameState(table.readUInt32LE(at + layout.state)),
      processId: processId === 0 ? undefined : processId,
    };
  });
}

function nameState(state: number): TCPSocket['state'] {
  if (state === MIB_TCP_STATE_LISTEN) return 'listening';
  return state === MIB_TCP_STATE_TIME_WAIT ? 'time-wait' : 'other';
}

/** Where it listens, such as '127.0.0.2:20123' or '[::1]:20123'. */
export function describeSocket({ family, address, port }: TCPSocket): string {
  const text = formatAddress(address);
  return family === 'ipv4' ? `${text}:${port}` : `[${text}]:${port}`;
}

/** Whether a connection to one of the addresses could reach the socket, or would without it. */
export function overlaps(socket: TCPSocket, addresses: BoundAddresses): boolean {
  if (addresses === 'everywhere') return true;
  return addresses.some((address) => {
    if (address.dual) return true;
    // A socket on '::' may serve IPv4 too; the table does not tell.
    if (socket.family !== address.family) return socket.family === 'ipv6' && isWildcard(socket.address);
    if (isWildcard(socket.address) || isWildcard(address.bytes)) return true;
    return socket.address.every((byte, index) => byte === address.bytes[index]);
  });
}

function isWildcard(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
