/**
 * The kernel's table of TCP sockets, by sock_diag(7): of those that listen in a tenth of a millisecond, where /proc takes
 * several.
 */
import { formatAddress } from '../../core/address-text.ts';
import type { ListeningSocket } from '../port-kernel.ts';
import { AF_INET, TCPState } from './constants.ts';
import type { LibC } from './libc.ts';
import { bodiesIn, type Dump, formatDumpRequest, HEADER_BYTES, prepareDump, runDump } from './netlink.ts';

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

/** With the C library's functions that their addresses are for. */
const dumps = new WeakMap<LibC, Dump>();

/** What was found last. To compare the bytes takes a fraction of the time that it takes to read them. */
let known: { readonly table: Buffer; readonly sockets: readonly ListeningSocket[] } | undefined;

/** @returns the same array as the last time where nothing has changed; undefined where the kernel does not answer */
export function dumpListeningSockets(libc: LibC): readonly ListeningSocket[] | undefined {
  const table = dumpTable(libc, LISTENING);
  if (table === undefined) return undefined;
  if (known?.table.equals(table) !== true)
    known = { table: Buffer.from(table), sockets: socketsIn(table).map(readSocket) };
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
  let dump = dumps.get(libc);
  if (dump === undefined) {
    dump = prepareDump(libc, formatDumpRequest(TCPDIAG_GETSOCK, REQUEST_BYTES));
    dumps.set(libc, dump);
  }
  dump.request.writeInt32LE(states, STATES);
  return runDump(libc, dump);
}

function socketsIn(table: Buffer): Buffer[] {
  return bodiesIn(table, TCPDIAG_GETSOCK);
}

function readSocket(body: Buffer): ListeningSocket {
  return {
    port: body.readUInt16BE(PORT),
    address: addressAt(body, ADDRESS),
    socketId: String(body.readUInt32LE(INODE)),
    userId: body.readUInt32LE(USER_ID),
  };
}

function readWhole(body: Buffer): DiagnosedSocket {
  return {
    ...readSocket(body),
    state: body.readUInt8(STATE),
    peerAddress: addressAt(body, PEER_ADDRESS),
    peerPort: body.readUInt16BE(PEER_PORT),
  };
}

function addressAt(body: Buffer, at: number): string {
  return textOf(body.subarray(at, at + (body[FAMILY] === AF_INET ? 4 : 16)));
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
