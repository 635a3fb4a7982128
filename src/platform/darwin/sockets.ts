/** The sockets that portslice binds on macOS. Descriptors are plain numbers; -1 never leaves this file. */
import { errnoOf } from '../errno.ts';
import type { InternetAddress } from '../port-kernel.ts';
import { AF_INET, AF_INET6, IPPROTO_IPV6, IPV6_V6ONLY, SOCK_STREAM } from './constants.ts';
import { errorFor, isTaken, meaningOf } from './errno.ts';
import type { LibC } from './libc.ts';
import { Scratch, writeInternetAddress } from './scratch.ts';
import { type Mark, openMarkedSocket } from './thread-descriptors.ts';

/** `bindInternet` answers with the errno, 0 for success. */
export type Errno = number;

/** Of IPv6 alone, unless the address is dual, or of IPv4. @returns the descriptor, or undefined where the kernel does not know the address family */
export function openInternetSocket(
  libc: LibC,
  { family, dual }: Pick<InternetAddress, 'family' | 'dual'>,
  mark: Mark,
  type: number = SOCK_STREAM,
): number | undefined {
  const descriptor = openMarkedSocket(libc, family === 'ipv4' ? AF_INET : AF_INET6, type, mark);
  if (descriptor === -1) {
    const code = libc.errno();
    if (meaningOf(code) === 'family-unavailable') return undefined;
    throw errorFor(`socket(${family})`, code);
  }
  try {
    if (family === 'ipv6') setOption(libc, descriptor, IPPROTO_IPV6, IPV6_V6ONLY, dual ? 0 : 1);
    return descriptor;
  } catch (error) {
    libc.close(descriptor);
    throw error;
  }
}

/** Switches it on. */
export function setOption(libc: LibC, descriptor: number, level: number, option: number, value = 1): void {
  libc.scratch.writeInt32LE(value, Scratch.one);
  const result = libc.setsockopt(descriptor, level, option, libc.scratchPointer + Scratch.one, 4);
  if (result !== 0) throw errorFor('setsockopt', libc.errno());
}

export function bindInternet(libc: LibC, descriptor: number, address: InternetAddress, port: number): Errno {
  const byteLength = writeInternetAddress(libc, address, port);
  const at = libc.scratchPointer + Scratch.address;
  return errnoOf(() => libc.bind(descriptor, at, byteLength), libc.errno, isTaken);
}
