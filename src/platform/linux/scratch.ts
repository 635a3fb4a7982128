/** How the scratch memory of libc.ts is divided, and the structures that are written there. */
import type { InternetAddress } from '../port-kernel.ts';
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
  /** Holds that address all the time; only its port changes. */
  dualWildcard: 512,
} as const;

export const MAX_SOCKET_ADDRESS_BYTES = 110;

export const IPV6_ADDRESS_BYTES = 28;

/** Puts the port into the address that is always there, the one that nearly every port is bound to. */
export function writeDualWildcard({ scratch }: LibC, port: number): void {
  scratch[Scratch.dualWildcard] = AF_INET6;
  scratch[Scratch.dualWildcard + 2] = port >>> 8;
  scratch[Scratch.dualWildcard + 3] = port & 0xff;
}

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
  return IPV6_ADDRESS_BYTES;
}

/** Writes a sockaddr_un of the abstract namespace, without padding. The name is ASCII. @returns its length in bytes */
export function writeAbstractAddress({ scratch }: LibC, name: string): number {
  const at = Scratch.unixAddress;
  scratch[at] = AF_UNIX;
  scratch[at + 1] = 0;
  scratch[at + 2] = 0;
  // Several times faster than Buffer.write for so few bytes.
  for (let index = 0; index < name.length; index++) scratch[at + 3 + index] = name.charCodeAt(index);
  return 3 + name.length;
}

/** Reads back the name that `getsockname` has written as an abstract address, or undefined. */
export function readAbstractAddress({ scratch }: LibC, byteLength: number): string | undefined {
  const at = Scratch.unixAddress;
  if (byteLength < 4 || scratch.readUInt16LE(at) !== AF_UNIX || scratch[at + 2] !== 0) return undefined;
  return scratch.toString('latin1', at + 3, at + byteLength);
}
