/** How the scratch memory of win32.ts is divided, and the addresses that are written there. */
import type { InternetAddress } from '../port-kernel.ts';
import { AF_INET, AF_INET6, SocketAddress } from './constants.ts';
import type { Win32 } from './win32.ts';

/** Byte offsets in the scratch memory. */
export const Scratch = {
  address: 0,
  zero: 32,
  one: 36,
  length: 40,
  pointer: 48,
  mutant: 64,
  structure: 128,
} as const;

/** Writes a sockaddr_in or sockaddr_in6. @returns its length in bytes */
export function writeAddress({ scratch }: Win32, address: InternetAddress, port: number): number {
  const at = Scratch.address;
  const isIPv4 = address.family === 'ipv4';
  scratch.fill(0, at, at + SocketAddress.ipv6Bytes);
  scratch.writeUInt16LE(isIPv4 ? AF_INET : AF_INET6, at + SocketAddress.family);
  scratch.writeUInt16BE(port, at + SocketAddress.port);
  scratch.set(address.bytes, at + (isIPv4 ? SocketAddress.ipv4Address : SocketAddress.ipv6Address));
  if (isIPv4) return SocketAddress.ipv4Bytes;
  scratch.writeUInt32LE(address.scopeId, at + SocketAddress.ipv6ScopeId);
  return SocketAddress.ipv6Bytes;
}
