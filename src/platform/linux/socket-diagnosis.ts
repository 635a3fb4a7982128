/**
 * The kernel's table of TCP sockets, by sock_diag(7): of those that listen in a tenth of a millisecond, where /proc takes
 * several.
 */
import { formatAddress } from '../../core/address-text.ts';
import type { ListeningSocket } from '../port-kernel.ts';
import { AF_INET, MSG_DONTWAIT, TCPState } from './constants.ts';
import type { LibC } from './libc.ts';
import {
  ANSWER_BYTES,
  formatDumpRequest,
  HEADER_BYTES,
  MAX_ANSWERS,
  type Message,
  messagesIn,
  NLMSG_DONE,
  NLMSG_ERROR,
  withDiagnosis,
} from './netlink.ts';

/**
 * struct nlmsghdr and struct inet_diag_req: the older of the two requests, since one of it asks for both families, and the
 * newer one has to be made twice (inet_diag_dump_compat in net/ipv4/inet_diag.c).
 */
const REQUEST_BYTES = HEADER_BYTES + 60;
const STATES = HEADER_BYTES + 52;
const TCPDIAG_GETSOCK = 18;

const LISTENING = 1 << TCPState.listen;
/** Of a request: all of them. */
const ANY_STATE = -1;

// struct inet_diag_msg, from the end of the header.
const FAMILY = 0;
const STATE = 1;
const PORT = 4;
const PEER_PORT = 6;
const ADDRESS = 8;
const PEER_ADDRESS = 24;
const USER_ID = 64;
const INODE = 68;

interface Buffers {
  readonly request: Buffer;
  readonly requestPointer: number;
  /** All answers of a dump, one after the other. */
  table: Buffer;
  tablePointer: number;
}

const buffersOf = new WeakMap<LibC, Buffers>();

/** What was found last. To compare the bytes takes a fraction of the time that it takes to read them. */
let known: { readonly table: Buffer; readonly sockets: readonly ListeningSocket[] } | undefined;

/**
 * @returns the same array as the last time where nothing has changed; undefined where the kernel does not answer: gVisor, a
 *   sandbox, a kernel without the module
 */
export function dumpListeningSockets(libc: LibC): readonly ListeningSocket[] | undefined {
  const table = dumpTable(libc, LISTENING);
  if (table === undefined) return undefined;
  if (known?.table.equals(table) !== true) known = { table: Buffer.from(table), sockets: readTable(table) };
  return known.sockets;
}

/** A socket in any state, as the kernel has it. */
export interface DiagnosedSocket extends ListeningSocket {
  /** One of TCPState, or another one. */
  readonly state: number;
  readonly peerAddress: string;
  /** 0: none. */
  readonly peerPort: number;
}

/** Every TCP socket that has a port of its own. @returns as `dumpListeningSockets` */
export function dumpAllSockets(libc: LibC): DiagnosedSocket[] | undefined {
  const table = dumpTable(libc, ANY_STATE);
  return table && socketsIn(table).map(readWhole);
}

/** @returns bytes that the next dump overwrites */
function dumpTable(libc: LibC, states: number): Buffer | undefined {
  return withDiagnosis(libc, (descriptor) => dump(libc, descriptor, states));
}

function dump(libc: LibC, descriptor: number, states: number): Buffer | undefined {
  const buffers = buffersFor(libc);
  buffers.request.writeInt32LE(states, STATES);
  if (Number(libc.send(descriptor, buffers.requestPointer, REQUEST_BYTES, 0)) !== REQUEST_BYTES)
    return undefined;
  let end = 0;
  for (let count = 0; count < MAX_ANSWERS; count++) {
    if (buffers.table.length - end < ANSWER_BYTES) grow(libc, buffers);
    const byteLength = Number(libc.recv(descriptor, buffers.tablePointer + end, ANSWER_BYTES, MSG_DONTWAIT));
    if (byteLength <= 0) return undefined;
    const type = lastType(buffers.table.subarray(end, end + byteLength));
    if (type === NLMSG_ERROR) return undefined;
    if (type === NLMSG_DONE) return buffers.table.subarray(0, end + byteLength);
    end += byteLength;
  }
  return undefined;
}

// SAFETY: the buffers are kept beside their addresses, as long as the C library's functions are.
function buffersFor(libc: LibC): Buffers {
  let buffers = buffersOf.get(libc);
  if (buffers !== undefined) return buffers;
  const request = formatDumpRequest(TCPDIAG_GETSOCK, REQUEST_BYTES);
  const table = Buffer.allocUnsafeSlow(ANSWER_BYTES);
  buffers = {
    request,
    requestPointer: libc.addressOf(request),
    table,
    tablePointer: libc.addressOf(table),
  };
  buffersOf.set(libc, buffers);
  return buffers;
}

function grow(libc: LibC, buffers: Buffers): void {
  const table = Buffer.allocUnsafeSlow(buffers.table.length * 2);
  buffers.table.copy(table);
  buffers.tablePointer = libc.addressOf(table);
  buffers.table = table;
}

/** What ends the dump may be an answer of its own, or follow the last socket. */
function lastType(answer: Buffer): number {
  let last = NLMSG_ERROR;
  for (const { type } of messagesIn(answer)) last = type;
  return last;
}

function readTable(table: Buffer): ListeningSocket[] {
  return socketsIn(table).map(readSocket);
}

function socketsIn(table: Buffer): Message[] {
  return [...messagesIn(table)].filter(({ type }) => type === TCPDIAG_GETSOCK);
}

function readSocket({ body }: Message): ListeningSocket {
  const addressBytes = body[FAMILY] === AF_INET ? 4 : 16;
  return {
    port: body.readUInt16BE(PORT),
    address: textOf(body.subarray(ADDRESS, ADDRESS + addressBytes)),
    socketId: String(body.readUInt32LE(INODE)),
    userId: body.readUInt32LE(USER_ID),
  };
}

function readWhole(message: Message): DiagnosedSocket {
  const { body } = message;
  const addressBytes = body[FAMILY] === AF_INET ? 4 : 16;
  return {
    ...readSocket(message),
    state: body.readUInt8(STATE),
    peerAddress: textOf(body.subarray(PEER_ADDRESS, PEER_ADDRESS + addressBytes)),
    peerPort: body.readUInt16BE(PEER_PORT),
  };
}

/** Hundreds of sockets share few addresses, and the text of one of IPv6 takes microseconds. */
const texts = new Map<string, string>();
const MAX_TEXTS = 1000;

function textOf(bytes: Buffer): string {
  const key = bytes.toString('latin1');
  let text = texts.get(key);
  if (text === undefined) {
    if (texts.size >= MAX_TEXTS) texts.clear();
    texts.set(key, (text = formatAddress(bytes)));
  }
  return text;
}
