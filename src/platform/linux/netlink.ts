/** Messages to the kernel and its answers, by netlink(7). A dump is a request, and answers until one of them says that it is the last. */
import { AF_NETLINK, MSG_DONTWAIT, NETLINK_SOCK_DIAG, SOCK_CLOEXEC, SOCK_RAW } from './constants.ts';
import type { LibC } from './libc.ts';

/** struct nlmsghdr */
export const HEADER_BYTES = 16;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_REQUEST_DUMP = 0x301;
/** The most that the kernel puts into one answer. What does not fit is lost. */
const ANSWER_BYTES = 32_768;
/** Many times what a machine has: so that nothing can keep us here. */
const MAX_ANSWERS = 10_000;

/** A request, and the memory for its answers. Both can be used again. */
export interface Dump {
  readonly request: Buffer;
  readonly requestPointer: number;
  /** All answers, one after the other. */
  table: Buffer;
  tablePointer: number;
}

interface Message {
  readonly type: number;
  readonly body: Buffer;
}

/** @returns a request for a dump, whose body is zeros. SAFETY: a slow buffer does not move */
export function formatDumpRequest(type: number, byteLength: number): Buffer {
  const request = Buffer.allocUnsafeSlow(byteLength).fill(0);
  request.writeUInt32LE(byteLength, 0);
  request.writeUInt16LE(type, 4);
  request.writeUInt16LE(NLM_F_REQUEST_DUMP, 6);
  return request;
}

/** @param request as `formatDumpRequest` returns it. SAFETY: the buffers are kept beside their addresses */
export function prepareDump(libc: LibC, request: Buffer): Dump {
  const table = Buffer.allocUnsafeSlow(ANSWER_BYTES);
  return {
    request,
    requestPointer: libc.addressOf(request),
    table,
    tablePointer: libc.addressOf(table),
  };
}

/**
 * By sock_diag(7).
 * @returns bytes that the next time overwrites; undefined where the kernel does not answer: gVisor, a sandbox, a kernel without the
 *   module
 */
export function runDump(libc: LibC, dump: Dump): Buffer | undefined {
  // Opened for each dump, so that no thread that is terminated leaves one.
  const descriptor = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (descriptor === -1) return undefined;
  try {
    return ask(libc, descriptor, dump);
  } finally {
    libc.close(descriptor);
  }
}

function ask(libc: LibC, descriptor: number, dump: Dump): Buffer | undefined {
  const { request, requestPointer } = dump;
  if (Number(libc.send(descriptor, requestPointer, request.length, 0)) !== request.length) return undefined;
  let end = 0;
  for (let count = 0; count < MAX_ANSWERS; count++) {
    if (dump.table.length - end < ANSWER_BYTES) grow(libc, dump);
    const byteLength = Number(libc.recv(descriptor, dump.tablePointer + end, ANSWER_BYTES, MSG_DONTWAIT));
    if (byteLength <= 0) return undefined;
    const type = lastType(dump.table.subarray(end, end + byteLength));
    if (type === NLMSG_ERROR) return undefined;
    if (type === NLMSG_DONE) return dump.table.subarray(0, end + byteLength);
    end += byteLength;
  }
  return undefined;
}

function grow(libc: LibC, dump: Dump): void {
  const table = Buffer.allocUnsafeSlow(dump.table.length * 2);
  dump.table.copy(table);
  dump.tablePointer = libc.addressOf(table);
  dump.table = table;
}

/** What ends the dump may be an answer of its own, or follow the last socket. */
function lastType(answer: Buffer): number {
  let last = NLMSG_ERROR;
  for (const { type } of messagesIn(answer)) last = type;
  return last;
}

/** What the messages of a type have after their headers. */
export function bodiesIn(bytes: Buffer, type: number): Buffer[] {
  return [...messagesIn(bytes)].filter((message) => message.type === type).map(({ body }) => body);
}

function* messagesIn(bytes: Buffer): Generator<Message> {
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const byteLength = bytes.readUInt32LE(at);
    if (byteLength < HEADER_BYTES) {
      yield { type: NLMSG_ERROR, body: bytes };
      return;
    }
    yield { type: bytes.readUInt16LE(at + 4), body: bytes.subarray(at + HEADER_BYTES, at + byteLength) };
    // NLMSG_ALIGN
    at += (byteLength + 3) & ~3;
  }
}
