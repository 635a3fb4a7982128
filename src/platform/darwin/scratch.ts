/** How the scratch memory of libc.ts is divided, and the structures that are written there. */
import type { InternetAddress } from '../port-kernel.ts';
import { AF_INET, AF_INET6, SocketAddress } from './constants.ts';
import type { LibC } from './libc.ts';

/** Byte offsets in the scratch memory. */
export const Scratch = {
  address: 0,
  one: 32,
  length: 40,
  mark: 48,
  fileLock: 64,
  hints: 128,
  result: 192,
  names: 200,
  structure: 256,
} as const;
/** What is left for `structure`. */
export const STRUCTURE_BYTES = 3840;
export const SCRATCH_BYTES: number = Scratch.structure + STRUCTURE_BYTES;

/** Writes a sockaddr_in or sockaddr_in6. @returns its length in bytes */
export function writeInternetAddress({ scratch }: LibC, address: InternetAddress, port: number): number {
  const at = Scratch.address;
  const isIPv4 = address.family === 'ipv4';
  const byteLength = isIPv4 ? SocketAddress.ipv4Bytes : SocketAddress.ipv6Bytes;
  scratch.fill(0, at, at + byteLength);
  // The kernel refuses an address without its length.
  scratch[at + SocketAddress.byteLength] = byteLength;
  scratch[at + SocketAddress.family] = isIPv4 ? AF_INET : AF_INET6;
  scratch.writeUInt16BE(port, at + SocketAddress.port);
  scratch.set(address.bytes, at + (isIPv4 ? SocketAddress.ipv4 : SocketAddress.ipv6));
  if (!isIPv4) scratch.writeUInt32LE(address.scopeId, at + SocketAddress.scopeId);
  return byteLength;
}

/** The text of C that begins there and ends before the end. */
export function textAt(bytes: Buffer, at: number, end: number): string {
  const zero = bytes.indexOf(0, at);
  return bytes.toString('utf8', at, zero === -1 || zero > end ? end : zero);
}
