/**
 * The abstract names of AF_UNIX sockets that are bound and do not listen, by sock_diag(7), which tells their users too. That of
 * somebody whose processes cannot be looked into is told nowhere else.
 */
import { AF_UNIX, TCPState } from './constants.ts';
import type { LibC } from './libc.ts';
import { bodiesIn, formatDumpRequest, HEADER_BYTES, prepareDump, runDump } from './netlink.ts';

/** A socket with an abstract name. */
export interface NamedSocket {
  /** Without the zero byte that it begins with. */
  readonly name: string;
  readonly inode: string;
  /** Undefined where the kernel does not tell it: before Linux 5.3. */
  readonly userId: number | undefined;
}

// linux/sock_diag.h
const SOCK_DIAG_BY_FAMILY = 20;

// linux/unix_diag.h: struct unix_diag_req, from the end of the header.
const REQUEST_BYTES = HEADER_BYTES + 24;
const STATES = HEADER_BYTES + 4;
const SHOW = HEADER_BYTES + 12;
/** Neither listening nor connected. */
const CLOSED = 1 << TCPState.close;
const SHOW_NAME_AND_USER = 0x01 | 0x40;
// struct unix_diag_msg: the inode, and where its attributes begin.
const INODE = 4;
const ATTRIBUTES = 16;
const NAME_ATTRIBUTE = 0;
const USER_ATTRIBUTE = 7;
const ATTRIBUTE_HEADER_BYTES = 4;

/** @param beginning of the names that are wanted. @returns undefined where the kernel does not answer: gVisor, a sandbox */
export function dumpNamedSockets(libc: LibC, beginning: string): NamedSocket[] | undefined {
  const table = runDump(libc, prepareDump(libc, formatRequest()));
  return (
    table &&
    bodiesIn(table, SOCK_DIAG_BY_FAMILY)
      .flatMap((body) => parseNamedSocket(body) ?? [])
      .filter(({ name }) => name.startsWith(beginning))
  );
}

function formatRequest(): Buffer {
  const request = formatDumpRequest(SOCK_DIAG_BY_FAMILY, REQUEST_BYTES);
  request.writeUInt8(AF_UNIX, HEADER_BYTES);
  request.writeUInt32LE(CLOSED, STATES);
  request.writeUInt32LE(SHOW_NAME_AND_USER, SHOW);
  return request;
}

/** Undefined for a socket without an abstract name. */
function parseNamedSocket(body: Buffer): NamedSocket | undefined {
  let name: string | undefined;
  let userId: number | undefined;
  for (let at = ATTRIBUTES; at + ATTRIBUTE_HEADER_BYTES <= body.length;) {
    const byteLength = body.readUInt16LE(at);
    if (byteLength < ATTRIBUTE_HEADER_BYTES) break;
    const value = body.subarray(at + ATTRIBUTE_HEADER_BYTES, at + byteLength);
    const kind = body.readUInt16LE(at + 2);
    if (kind === NAME_ATTRIBUTE && value[0] === 0) name = value.toString('latin1', 1);
    if (kind === USER_ATTRIBUTE && value.length >= 4) userId = value.readUInt32LE(0);
    // NLA_ALIGN
    at += (byteLength + 3) & ~3;
  }
  return name === undefined ? undefined : { name, inode: String(body.readUInt32LE(INODE)), userId };
}
