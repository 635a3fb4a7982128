/** The sockets and files that a process has open. Of another user's processes the system does not tell. */
import { fileSystem } from '../file-system.ts';
import {
  DescriptorEntry,
  DescriptorFile,
  DescriptorSocket,
  PROC_PIDFDSOCKETINFO,
  PROC_PIDFDVNODEINFO,
  PROC_PIDLISTFDS,
  PROX_FDTYPE_SOCKET,
  PROX_FDTYPE_VNODE,
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
  return listDescriptors(processId, PROX_FDTYPE_SOCKET).flatMap(
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
  const bytes = readDescriptor(processId, descriptor, PROC_PIDFDSOCKETINFO, DescriptorSocket.bytes);
  return bytes && parseSocket(bytes);
}

/** @param file as `parseFile` has it */
export function hasFileOpen(processId: number, file: string): boolean {
  return listDescriptors(processId, PROX_FDTYPE_VNODE).some((descriptor) => {
    const bytes = readDescriptor(processId, descriptor, PROC_PIDFDVNODEINFO, DescriptorFile.bytes);
    return bytes !== undefined && parseFile(bytes) === file;
  });
}

/** Valid until the next call. */
function readDescriptor(
  processId: number,
  descriptor: number,
  flavor: number,
  byteLength: number,
): Buffer | undefined {
  const { proc_pidfdinfo: ask, scratch, scratchPointer } = libc();
  const written = ask(processId, descriptor, flavor, scratchPointer + Scratch.structure, byteLength);
  if (written !== byteLength) return undefined;
  return scratch.subarray(Scratch.structure, Scratch.structure + byteLength);
}

function listDescriptors(processId: number, type: number): number[] {
  const { proc_pidinfo: ask, addressOf } = libc();
  // The system adds some for those that are opened meanwhile.
  const byteLength = ask(processId, PROC_PIDLISTFDS, 0, 0, 0);
  if (byteLength <= 0) return [];
  const entries = Buffer.allocUnsafeSlow(byteLength);
  const written = ask(processId, PROC_PIDLISTFDS, 0, addressOf(entries), byteLength);
  return parseDescriptors(entries.subarray(0, Math.max(written, 0)), type);
}

/** struct proc_fdinfo, one after the other. @returns the descriptors of that type */
export function parseDescriptors(entries: Buffer, wanted: number): number[] {
  const found: number[] = [];
  for (let at = 0; at + DescriptorEntry.bytes <= entries.length; at += DescriptorEntry.bytes) {
    const type = entries.readUInt32LE(at + DescriptorEntry.type);
    if (type === wanted) found.push(entries.readInt32LE(at + DescriptorEntry.descriptor));
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

/** struct vnode_fdinfo. @returns what names the file: its device and its number */
export function parseFile(bytes: Buffer): string {
  return `${bytes.readUInt32LE(DescriptorFile.device)}:${bytes.readBigUInt64LE(DescriptorFile.inode)}`;
}

export function identifyFile(descriptor: number): string {
  const { dev, ino } = fileSystem().fstatSync(descriptor, { bigint: true });
  return `${BigInt.asUintN(32, dev)}:${ino}`;
}
