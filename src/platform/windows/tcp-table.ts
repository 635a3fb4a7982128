/** The system's tables of sockets: bytes of GetExtendedTcpTable and GetExtendedUdpTable, parsed. TCP sockets that are only bound are not there. */
import { bracketed, formatAddress } from '../../core/address-text.ts';
import type { SocketState } from '../port-inspector.ts';
import type { BoundAddresses, InternetAddress } from '../port-kernel.ts';
import {
  AF_INET,
  AF_INET6,
  ERROR_INSUFFICIENT_BUFFER,
  MIB_TCP_STATE_CLOSED,
  MIB_TCP_STATE_ESTAB,
  MIB_TCP_STATE_LISTEN,
  MIB_TCP_STATE_SYN_RCVD,
  MIB_TCP_STATE_SYN_SENT,
  MIB_TCP_STATE_TIME_WAIT,
  SocketTable,
  TCP_TABLE_OWNER_PID_ALL,
  TCPRow,
  UDP_TABLE_OWNER_PID,
  UDPRow,
} from './constants.ts';
import { Scratch } from './scratch.ts';
import type { AskSocketTable, Win32 } from './win32.ts';

type Family = InternetAddress['family'];

export interface TCPSocket {
  readonly family: Family;
  readonly address: Uint8Array;
  readonly port: number;
  readonly peerAddress: Uint8Array;
  /** 0 of a socket that listens: what is there then means nothing. */
  readonly peerPort: number;
  readonly state: SocketState;
  /** Undefined for what belongs to no process any more. */
  readonly processId: number | undefined;
}

const FIRST_TABLE_BYTES = 16 * 1024;
/** Sockets are opened while we ask for the size. */
const MAX_TRIES = 8;

/** A socket that has a port for UDP. */
export type UDPSocket = Pick<TCPSocket, 'family' | 'address' | 'port' | 'processId'>;

/** The bytes of the tables of both families; without IPv6 the second one is empty. */
export interface SocketTables {
  readonly ipv4: Buffer;
  readonly ipv6: Buffer;
}

/** All sockets of both families. @returns undefined if Windows does not tell */
export function readSockets(win32: Win32): TCPSocket[] | undefined {
  const tables = readTables(win32, win32.tcpTable, TCP_TABLE_OWNER_PID_ALL);
  return tables && parseTCPTables(tables);
}

/** @returns undefined if Windows does not tell */
export function readUDPSockets(win32: Win32): UDPSocket[] | undefined {
  const tables = readTables(win32, win32.udpTable, UDP_TABLE_OWNER_PID);
  return tables && [...parseUDPTable(tables.ipv4, 'ipv4'), ...parseUDPTable(tables.ipv6, 'ipv6')];
}

/** @param kind which sockets: TCP_TABLE_OWNER_PID_... . @returns undefined if Windows does not tell */
export function readTables(win32: Win32, ask: AskSocketTable, kind: number): SocketTables | undefined {
  const ipv4 = readTable(win32, ask, AF_INET, kind);
  const ipv6 = readTable(win32, ask, AF_INET6, kind) ?? Buffer.alloc(SocketTable.rows);
  return ipv4 && { ipv4, ipv6 };
}

export function parseTCPTables({ ipv4, ipv6 }: SocketTables): TCPSocket[] {
  return [...parseTCPTable(ipv4, 'ipv4'), ...parseTCPTable(ipv6, 'ipv6')];
}

function readTable(win32: Win32, ask: AskSocketTable, family: number, kind: number): Buffer | undefined {
  const length = win32.scratchPointer + Scratch.length;
  let byteLength = FIRST_TABLE_BYTES;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { buffer, pointer } = win32.allocate(byteLength);
    win32.scratch.writeUInt32LE(byteLength, Scratch.length);
    const code = ask(pointer, length, 0, family, kind, 0);
    if (code === 0) return buffer;
    if (code !== ERROR_INSUFFICIENT_BUFFER) return undefined;
    byteLength = Math.max(2 * byteLength, win32.scratch.readUInt32LE(Scratch.length));
  }
  return undefined;
}

export function parseTCPTable(table: Buffer, family: Family): TCPSocket[] {
  const layout = TCPRow[family];
  return rowsOf(table, layout.rowBytes).map((row) => {
    const state = nameState(row.readUInt32LE(layout.state));
    return {
      ...parseRow(row, family, layout),
      peerAddress: addressAt(row, layout.peerAddress, layout.addressBytes),
      peerPort: state === 'listening' ? 0 : row.readUInt16BE(layout.peerPort),
      state,
    };
  });
}

export function parseUDPTable(table: Buffer, family: Family): UDPSocket[] {
  const layout = UDPRow[family];
  return rowsOf(table, layout.rowBytes).map((row) => parseRow(row, family, layout));
}

function rowsOf(table: Buffer, rowBytes: number): Buffer[] {
  const rowCount = Math.min(
    table.readUInt32LE(SocketTable.count),
    Math.floor((table.length - SocketTable.rows) / rowBytes),
  );
  return Array.from({ length: rowCount }, (_, row) => {
    const at = SocketTable.rows + row * rowBytes;
    return table.subarray(at, at + rowBytes);
  });
}

interface RowLayout {
  readonly address: number;
  readonly addressBytes: number;
  readonly port: number;
  readonly processId: number;
}

function parseRow(row: Buffer, family: Family, layout: RowLayout): UDPSocket {
  const processId = row.readUInt32LE(layout.processId);
  return {
    family,
    address: addressAt(row, layout.address, layout.addressBytes),
    port: row.readUInt16BE(layout.port),
    processId: processId === 0 ? undefined : processId,
  };
}

function addressAt(row: Buffer, at: number, byteLength: number): Uint8Array {
  return Uint8Array.from(row.subarray(at, at + byteLength));
}

const STATES: Readonly<Record<number, SocketState>> = {
  [MIB_TCP_STATE_CLOSED]: 'bound',
  [MIB_TCP_STATE_LISTEN]: 'listening',
  [MIB_TCP_STATE_SYN_SENT]: 'connecting',
  [MIB_TCP_STATE_SYN_RCVD]: 'connecting',
  [MIB_TCP_STATE_ESTAB]: 'connected',
  [MIB_TCP_STATE_TIME_WAIT]: 'time-wait',
};

function nameState(state: number): SocketState {
  return STATES[state] ?? 'closing';
}

/** Where it listens, such as '127.0.0.2:20123' or '[::1]:20123'. */
export function describeSocket({ address, port }: TCPSocket): string {
  return `${bracketed(formatAddress(address))}:${port}`;
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
