/**
 * The kernel's table of listening sockets, by sock_diag(7): a tenth of a millisecond, where /proc takes several. A dump is a
 * message to the kernel, and answers until one of them says that it is the last.
 */
import { formatAddress } from '../../core/address-text.ts';
import type { ListeningSocket } from '../port-kernel.ts';
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  IPPROTO_TCP,
  MSG_DONTWAIT,
  NETLINK_SOCK_DIAG,
  SOCK_CLOEXEC,
  SOCK_RAW,
} from './constants.ts';
import type { LibC } from './libc.ts';

const HEADER_BYTES = 16;
/** struct nlmsghdr and struct inet_diag_req_v2. */
const REQUEST_BYTES = HEADER_BYTES + 56;
const SOCK_DIAG_BY_FAMILY = 20;
const NLM_F_REQUEST_DUMP = 0x301;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const LISTEN_BIT = 1 << 10;
/** The most that the kernel puts into one answer. What does not fit is lost. */
const ANSWER_BYTES = 32_768;
/** Many times what a machine has: so that nothing can keep us here. */
const MAX_ANSWERS = 10_000;

// struct inet_diag_msg, from the end of the header.
const FAMILY = 0;
const PORT = 4;
const ADDRESS = 8;
const USER_ID = 64;
const INODE = 68;

interface Buffers {
  readonly request: Buffer;
  readonly requestPointer: number;
  readonly answer: Buffer;
  readonly answerPointer: number;
}

const buffersOf = new WeakMap<LibC, Buffers>();

/** @returns undefined where the kernel does not answer: gVisor, a sandbox, a kernel without the module */
export function dumpListeningSockets(libc: LibC): ListeningSocket[] | undefined {
  // Opened for each dump, so that no thread that is terminated leaves one.
  const descriptor = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (descriptor === -1) return undefined;
  try {
    const sockets: ListeningSocket[] = [];
    const isComplete = [AF_INET, AF_INET6].every((family) => dump(libc, descriptor, family, sockets));
    return isComplete ? sockets : undefined;
  } finally {
    libc.close(descriptor);
  }
}

function dump(libc: LibC, descriptor: number, family: number, sockets: ListeningSocket[]): boolean {
  const { request, requestPointer, answer, answerPointer } = buffers(libc);
  request[HEADER_BYTES] = family;
  if (Number(libc.send(descriptor, requestPointer, REQUEST_BYTES, 0)) !== REQUEST_BYTES) return false;
  for (let count = 0; count < MAX_ANSWERS; count++) {
    const byteLength = Number(libc.recv(descriptor, answerPointer, ANSWER_BYTES, MSG_DONTWAIT));
    if (byteLength <= 0) return false;
    const end = readAnswer(answer.subarray(0, byteLength), sockets);
    if (end !== undefined) return end === NLMSG_DONE;
  }
  return false;
}

function buffers(libc: LibC): Buffers {
  const known = buffersOf.get(libc);
  if (known !== undefined) return known;
  const request = Buffer.allocUnsafeSlow(REQUEST_BYTES).fill(0);
  request.writeUInt32LE(REQUEST_BYTES, 0);
  request.writeUInt16LE(SOCK_DIAG_BY_FAMILY, 4);
  request.writeUInt16LE(NLM_F_REQUEST_DUMP, 6);
  request[HEADER_BYTES + 1] = IPPROTO_TCP;
  request.writeUInt32LE(LISTEN_BIT, HEADER_BYTES + 4);
  const answer = Buffer.allocUnsafeSlow(ANSWER_BYTES);
  // SAFETY: both buffers are kept beside their addresses, as long as the C library's functions are.
  const made = {
    request,
    requestPointer: libc.addressOf(request),
    answer,
    answerPointer: libc.addressOf(answer),
  };
  buffersOf.set(libc, made);
  return made;
}

/** @returns the type of the message that ends the dump, if it is among these */
function readAnswer(answer: Buffer, sockets: ListeningSocket[]): number | undefined {
  for (let at = 0; at + HEADER_BYTES <= answer.length;) {
    const byteLength = answer.readUInt32LE(at);
    const type = answer.readUInt16LE(at + 4);
    if (type === NLMSG_DONE || type === NLMSG_ERROR) return type;
    if (byteLength < HEADER_BYTES) return NLMSG_ERROR;
    if (type === SOCK_DIAG_BY_FAMILY) sockets.push(readSocket(answer.subarray(at + HEADER_BYTES)));
    at += (byteLength + 3) & ~3;
  }
  return undefined;
}

function readSocket(message: Buffer): ListeningSocket {
  const addressBytes = message[FAMILY] === AF_INET ? 4 : 16;
  return {
    port: message.readUInt16BE(PORT),
    address: textOf(message.subarray(ADDRESS, ADDRESS + addressBytes)),
    socketId: String(message.readUInt32LE(INODE)),
    userId: message.readUInt32LE(USER_ID),
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
