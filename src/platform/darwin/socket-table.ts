/**
 * Parses net.inet.tcp.pcblist_n and net.inet.udp.pcblist_n, the system's tables of sockets: for each socket some items of a length and a kind, the first
 * of which has its addresses. An item that is unknown is passed by; one that is too short ends the table.
 */
import type { SocketState } from '../port-inspector.ts';
import {
  ControlBlock,
  INP_IPV4,
  INP_IPV6,
  SocketItem,
  TABLE_END_BYTES,
  TableItem,
  TCPItem,
  TCPS_CLOSED,
  TCPS_ESTABLISHED,
  TCPS_LISTEN,
  TCPS_SYN_RECEIVED,
  TCPS_SYN_SENT,
  TCPS_TIME_WAIT,
  XSO_INPCB,
  XSO_SOCKET,
  XSO_TCPCB,
} from './constants.ts';

export interface InternetSocket {
  /** Of the socket, as text, however many processes have it open. The same as in `DescriptorSocket`. */
  readonly handle: string;
  readonly port: number;
  /** 4 or 16 bytes. A socket of both families has 16. */
  readonly address: Uint8Array;
  readonly peerAddress: Uint8Array;
  /** 0: none. */
  readonly peerPort: number;
  readonly state: SocketState;
  readonly userId: number;
  /** Which has used it last. */
  readonly processId: number;
}

type Items = Partial<Record<number, Buffer>>;

export function parseSocketTable(table: Buffer, transport: 'tcp' | 'udp'): InternetSocket[] {
  const read = transport === 'tcp' ? describeTCP : describeUDP;
  const sockets: InternetSocket[] = [];
  let items: Items = {};
  for (const item of splitItems(table)) {
    const kind = item.readUInt32LE(TableItem.kind);
    if (kind === XSO_INPCB) {
      sockets.push(...read(items));
      items = {};
    }
    items[kind] = item;
  }
  return [...sockets, ...read(items)];
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
function describeTCP(items: Items): InternetSocket[] {
  const { [XSO_TCPCB]: connection } = items;
  if (connection === undefined || connection.length < TCPItem.bytes) return [];
  return describe(items, nameState(connection.readInt32LE(TCPItem.state)));
}

function describeUDP(items: Items): InternetSocket[] {
  return describe(items, 'bound').map((socket) =>
    socket.peerPort === 0 ? socket : { ...socket, state: 'connected' },
  );
}

function describe({ [XSO_INPCB]: block, [XSO_SOCKET]: socket }: Items, state: SocketState): InternetSocket[] {
  if (block === undefined || socket === undefined) return [];
  const isComplete = block.length >= ControlBlock.bytes && socket.length >= SocketItem.bytes;
  return isComplete ? [describeSocket(block, socket, state)] : [];
}

const STATES: Readonly<Record<number, SocketState>> = {
  [TCPS_CLOSED]: 'bound',
  [TCPS_LISTEN]: 'listening',
  [TCPS_SYN_SENT]: 'connecting',
  [TCPS_SYN_RECEIVED]: 'connecting',
  [TCPS_ESTABLISHED]: 'connected',
  [TCPS_TIME_WAIT]: 'time-wait',
};

function nameState(state: number): SocketState {
  return STATES[state] ?? 'closing';
}

function describeSocket(block: Buffer, socket: Buffer, state: SocketState): InternetSocket {
  const flags = block.readUInt8(ControlBlock.versionFlags);
  const isIPv4 = (flags & INP_IPV4) !== 0 && (flags & INP_IPV6) === 0;
  const addressAt = (at: number): Uint8Array =>
    Uint8Array.from(block.subarray(isIPv4 ? at + 12 : at, at + 16));
  return {
    handle: socket.readBigUInt64LE(SocketItem.handle).toString(16),
    port: block.readUInt16BE(ControlBlock.localPort),
    address: addressAt(ControlBlock.localAddress),
    peerAddress: addressAt(ControlBlock.foreignAddress),
    peerPort: block.readUInt16BE(ControlBlock.foreignPort),
    state,
    userId: socket.readUInt32LE(SocketItem.userId),
    processId:
      socket.readInt32LE(SocketItem.lastProcessId) || socket.readInt32LE(SocketItem.effectiveProcessId),
  };
}
