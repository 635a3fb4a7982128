/**
 * Parses net.inet.tcp.pcblist_n, the system's table of TCP sockets: for each socket some items of a length and a kind, the first
 * of which has its addresses. An item that is unknown is passed by; one that is too short ends the table.
 */
import {
  ControlBlock,
  INP_IPV4,
  INP_IPV6,
  SocketItem,
  TABLE_END_BYTES,
  TableItem,
  TCPItem,
  TCPS_LISTEN,
  TCPS_TIME_WAIT,
  XSO_INPCB,
  XSO_SOCKET,
  XSO_TCPCB,
} from './constants.ts';

export interface TCPSocket {
  /** Of the socket, as text, however many processes have it open. The same as in `DescriptorSocket`. */
  readonly handle: string;
  readonly port: number;
  /** 4 or 16 bytes. A socket of both families has 16. */
  readonly address: Uint8Array;
  readonly state: 'listening' | 'time-wait' | 'other';
  readonly userId: number;
  /** Which has used it last. */
  readonly processId: number;
}

type Items = Partial<Record<number, Buffer>>;

export function parseSocketTable(table: Buffer): TCPSocket[] {
  const sockets: TCPSocket[] = [];
  let items: Items = {};
  for (const item of splitItems(table)) {
    const kind = item.readUInt32LE(TableItem.kind);
    if (kind === XSO_INPCB) {
      sockets.push(...describe(items));
      items = {};
    }
    items[kind] = item;
  }
  return [...sockets, ...describe(items)];
}

/** Without the headers at both ends, each of which is no longer than that. */
function splitItems(table: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = TABLE_END_BYTES; at + TableItem.headerBytes <= table.length;) {
    const byteLength = table.readUInt32LE(at + TableItem.byteLength);
    if (byteLength <= TABLE_END_BYTES || at + byteLength > table.length) break;
    found.push(table.subarray(at, at + byteLength));
    at += Math.ceil(byteLength / TableItem.alignment) * TableItem.alignment;
  }
  return found;
}

/** None if one of the items is missing, as of connections that go on without their socket. */
function describe(items: Items): TCPSocket[] {
  const { [XSO_INPCB]: block, [XSO_SOCKET]: socket, [XSO_TCPCB]: connection } = items;
  if (block === undefined || socket === undefined || connection === undefined) return [];
  const isComplete =
    block.length >= ControlBlock.bytes &&
    socket.length >= SocketItem.bytes &&
    connection.length >= TCPItem.bytes;
  return isComplete ? [describeSocket(block, socket, connection)] : [];
}

function describeSocket(block: Buffer, socket: Buffer, connection: Buffer): TCPSocket {
  const address = block.subarray(ControlBlock.localAddress, ControlBlock.localAddress + 16);
  const flags = block.readUInt8(ControlBlock.versionFlags);
  const isIPv4 = (flags & INP_IPV4) !== 0 && (flags & INP_IPV6) === 0;
  const state = connection.readInt32LE(TCPItem.state);
  return {
    handle: socket.readBigUInt64LE(SocketItem.handle).toString(16),
    port: block.readUInt16BE(ControlBlock.localPort),
    address: Uint8Array.from(isIPv4 ? address.subarray(12) : address),
    state: state === TCPS_LISTEN ? 'listening' : state === TCPS_TIME_WAIT ? 'time-wait' : 'other',
    userId: socket.readUInt32LE(SocketItem.userId),
    processId:
      socket.readInt32LE(SocketItem.lastProcessId) || socket.readInt32LE(SocketItem.effectiveProcessId),
  };
}
