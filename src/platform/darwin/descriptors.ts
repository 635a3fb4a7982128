/** The sockets that a process has open. Of another user's processes the system does not tell. */
import {
  DescriptorEntry,
  DescriptorSocket,
  PROC_PIDFDSOCKETINFO,
  PROC_PIDLISTFDS,
  PROX_FDTYPE_SOCKET,
} from './constants.ts';
import { EPERM } from './errno.ts';
import { libc } from './libc.ts';
import { Scratch } from './scratch.ts';

export interface OpenSocket {
  /** As `TCPSocket.handle`. */
  readonly handle: string;
  /** If it listens: how many connections wait to be accepted. */
  readonly waiting: number;
}

/** Their handles. */
export function listSockets(processId: number): string[] {
  return listSocketDescriptors(processId).flatMap(
    (descriptor) => readSocket(processId, descriptor)?.handle ?? [],
  );
}

/** True also of a process that is gone. */
export function canListSockets(processId: number): boolean {
  const { proc_pidinfo: ask, errno } = libc();
  return ask(processId, PROC_PIDLISTFDS, 0, 0, 0) > 0 || errno() !== EPERM;
}

/** Undefined: it is closed by now, or no socket. */
export function readSocket(processId: number, descriptor: number): OpenSocket | undefined {
  const { proc_pidfdinfo: ask, scratch, scratchPointer } = libc();
  const at = scratchPointer + Scratch.structure;
  const { bytes } = DescriptorSocket;
  if (ask(processId, descriptor, PROC_PIDFDSOCKETINFO, at, bytes) !== bytes) return undefined;
  return parseSocket(scratch.subarray(Scratch.structure, Scratch.structure + bytes));
}

function listSocketDescriptors(processId: number): number[] {
  const { proc_pidinfo: ask, addressOf } = libc();
  // The system adds some for those that are opened meanwhile.
  const byteLength = ask(processId, PROC_PIDLISTFDS, 0, 0, 0);
  if (byteLength <= 0) return [];
  const entries = Buffer.allocUnsafeSlow(byteLength);
  const written = ask(processId, PROC_PIDLISTFDS, 0, addressOf(entries), byteLength);
  return parseDescriptors(entries.subarray(0, Math.max(written, 0)));
}

/** struct proc_fdinfo, one after the other. @returns the descriptors of those that are sockets */
export function parseDescriptors(entries: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at + DescriptorEntry.bytes <= entries.length; at += DescriptorEntry.bytes) {
    const type = entries.readUInt32LE(at + DescriptorEntry.type);
    if (type === PROX_FDTYPE_SOCKET) found.push(entries.readInt32LE(at + DescriptorEntry.descriptor));
  }
  return found;
}

/** struct socket_fdinfo */
export function parseSocket(bytes: Buffer): OpenSocket {
  const queued = bytes.readInt16LE(DescriptorSocket.queued);
  return {
    handle: bytes.readBigUInt64LE(DescriptorSocket.handle).toString(16),
    waiting: queued - bytes.readInt16LE(DescriptorSocket.incomplete),
  };
}
