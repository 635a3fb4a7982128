/** Messages to the kernel and its answers, by netlink(7). A dump is a request, and answers until one of them says that it is the last. */
import { AF_NETLINK, NETLINK_SOCK_DIAG, SOCK_CLOEXEC, SOCK_RAW } from './constants.ts';
import type { LibC } from './libc.ts';

/** struct nlmsghdr */
export const HEADER_BYTES = 16;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
const NLM_F_REQUEST_DUMP = 0x301;
/** The most that the kernel puts into one answer. What does not fit is lost. */
export const ANSWER_BYTES = 32_768;
/** Many times what a machine has: so that nothing can keep us here. */
export const MAX_ANSWERS = 10_000;

export interface Message {
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

/**
 * With a socket for sock_diag(7). It is opened for each dump, so that no thread that is terminated leaves one.
 * @returns undefined where the kernel has none: gVisor, a sandbox, a kernel without the module
 */
export function withDiagnosis<T>(libc: LibC, use: (descriptor: number) => T): T | undefined {
  const descriptor = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (descriptor === -1) return undefined;
  try {
    return use(descriptor);
  } finally {
    libc.close(descriptor);
  }
}

export function* messagesIn(bytes: Buffer): Generator<Message> {
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
