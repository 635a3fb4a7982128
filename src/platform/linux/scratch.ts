import type { InternetAddress } from '../port-kernel.ts';
/** How the scratch memory of libc.ts is divided, and the structures that are written there. */
import { AF_INET, AF_INET6, AF_UNIX } from './constants.ts';
import type { LibC } from './libc.ts';

/** Byte offsets in the scratch memory. */
export const Scratch = {
  unixAddress: 0,
  internetAddress: 128,
  zero: 192,
  one: 196,
  length: 200,
  value: 208,
  hints: 256,
  result: 320,
  structure: 384,
} as const;

export const MAX_SOCKET_ADDRESS_BYTES = 110;

export const DUAL_WILDCARD: InternetAddress = {
  family: 'ipv6',
  bytes: new Uint8Array(16),
  scopeId: 0,
  dual: true,
};
export const IPV4_WILDCARD: InternetAddress = {
  family: 'ipv4',
  bytes: new Uint8Array(4),
  scopeId: 0,
  dual: false,
};
export const IPV6_WILDCARD: InternetAddress = {
  family: 'ipv6',
  bytes: new Uint8Array(16),
  scopeId: 0,
  dual: false,
};

/** Writes a sockaddr_in or sockaddr_in6. @returns its length in bytes */
export function writeInternetAddress({ scratch }: LibC, address: InternetAddress, port: number): number {
  const at = Scratch.internetAddress;
  const isIPv4 = address.family === 'ipv4';
  scratch.writeUInt16LE(isIPv4 ? AF_INET : AF_INET6, at);
  scratch.writeUInt16BE(port, at + 2);
  if (isIPv4) {
    scratch.set(address.bytes, at + 4);
    return 16;
  }
  scratch.writeUInt32LE(0, at + 4);
  scratch.set(address.bytes, at + 8);
  scratch.writeUInt32LE(address.scopeId, at + 24);
  return 28;
}

/** Writes a sockaddr_un of the abstract namespace, without padding. @returns its length in bytes */
export function writeAbstractAddress({ scratch }: LibC, name: string): number {
  scratch.writeUInt16LE(AF_UNIX, Scratch.unixAddress);
  scratch[Scratch.unixAddress + 2] = 0;
  return 3 + scratch.write(name, Scratch.unixAddress + 3, 'latin1');
}

/** Reads back the name that `getsockname` has written as an abstract address, or undefined. */
export function readAbstractAddress({ scratch }: LibC, byteLength: number): string | undefined {
  const at = Scratch.unixAddress;
  if (byteLength < 4 || scratch.readUInt16LE(at) !== AF_UNIX || scratch[at + 2] !== 0) return undefined;
  return scratch.toString('latin1', at + 3, at + byteLength);
}
