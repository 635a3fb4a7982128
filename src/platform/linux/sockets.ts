/** Sockets of the two kinds that portslice binds. Descriptors are plain numbers; -1 never leaves this file. */
import { errnoOf, errorFor, meaningOf } from '../errno.ts';
import { DUAL_WILDCARD } from '../internet-address.ts';
import type { InternetAddress } from '../port-kernel.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  IP_FREEBIND,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_FREEBIND,
  IPV6_V6ONLY,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_STREAM,
  SOL_SOCKET,
} from './constants.ts';
import type { LibC } from './libc.ts';
import {
  IPV6_ADDRESS_BYTES,
  MAX_SOCKET_ADDRESS_BYTES,
  readAbstractAddress,
  Scratch,
  writeAbstractAddress,
  writeDualWildcard,
  writeInternetAddress,
} from './scratch.ts';
import { openMarkedSocket } from './thread-descriptors.ts';

/** `bind` and `listen` answer with the errno, 0 for success. */
export type Errno = number;

export function openUnixSocket(libc: LibC): number {
  const descriptor = openMarkedSocket(libc, AF_UNIX, SOCK_STREAM);
  if (descriptor === -1) throw errorFor('socket(AF_UNIX)', libc.errno());
  return descriptor;
}

/** @returns the descriptor, or undefined where the kernel does not know the address family */
export function openInternetSocket(
  libc: LibC,
  address: InternetAddress,
  type: number = SOCK_STREAM,
): number | undefined {
  const domain = address.family === 'ipv4' ? AF_INET : AF_INET6;
  const descriptor = openMarkedSocket(libc, domain, type);
  if (descriptor === -1) {
    const code = libc.errno();
    if (meaningOf(code) === 'family-unavailable') return undefined;
    throw errorFor(`socket(${address.family})`, code);
  }
  if (address.family === 'ipv6') {
    try {
      if (address.dual === isDualByDefault(libc, descriptor)) return descriptor;
      setOption(libc, descriptor, 'IPV6_V6ONLY', !address.dual);
    } catch (error) {
      libc.close(descriptor);
      throw error;
    }
  }
  return descriptor;
}

let dualByDefault: boolean | undefined;

/** Whether a new IPv6 socket serves IPv4 too, as net.ipv6.bindv6only says. Asked once: nobody changes it in the middle of a run. */
function isDualByDefault(libc: LibC, descriptor: number): boolean {
  if (dualByDefault === undefined) {
    const { scratch, scratchPointer } = libc;
    scratch.writeUInt32LE(4, Scratch.length);
    const [value, length] = [scratchPointer + Scratch.value, scratchPointer + Scratch.length];
    if (libc.getsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, value, length) !== 0)
      throw errorFor('getsockopt(IPV6_V6ONLY)', libc.errno());
    dualByDefault = scratch.readInt32LE(Scratch.value) === 0;
  }
  return dualByDefault;
}

/** The port of a bound socket. */
export function boundPort(libc: LibC, descriptor: number): number {
  const byteLength = readName(libc, descriptor, Scratch.internetAddress, IPV6_ADDRESS_BYTES);
  if (byteLength === undefined) throw errorFor('getsockname', libc.errno());
  return libc.scratch.readUInt16BE(Scratch.internetAddress + 2);
}

/** The abstract name that a descriptor is bound to; undefined if it has none, or is no socket. */
export function boundName(libc: LibC, descriptor: number): string | undefined {
  const byteLength = readName(libc, descriptor, Scratch.unixAddress, MAX_SOCKET_ADDRESS_BYTES);
  return byteLength === undefined ? undefined : readAbstractAddress(libc, byteLength);
}

/** Has the kernel write the address at that place of the scratch memory. @returns its length; undefined: no socket */
function readName(libc: LibC, descriptor: number, at: number, maxBytes: number): number | undefined {
  const { scratch, scratchPointer } = libc;
  scratch.writeUInt32LE(maxBytes, Scratch.length);
  const result = libc.getsockname(descriptor, scratchPointer + at, scratchPointer + Scratch.length);
  return result === 0 ? scratch.readUInt32LE(Scratch.length) : undefined;
}

export function setReuseAddress(libc: LibC, descriptor: number, on: boolean): void {
  setOption(libc, descriptor, 'SO_REUSEADDR', on);
}

export function setReusePort(libc: LibC, descriptor: number, on: boolean): void {
  setOption(libc, descriptor, 'SO_REUSEPORT', on);
}

/** Lets the socket be bound to an address that this machine has not. Needs no privilege. */
export function allowForeignAddress(
  libc: LibC,
  descriptor: number,
  family: InternetAddress['family'],
): Errno {
  return family === 'ipv4'
    ? trySetOption(libc, descriptor, IPPROTO_IP, IP_FREEBIND, true)
    : trySetOption(libc, descriptor, IPPROTO_IPV6, IPV6_FREEBIND, true);
}

export function bindInternet(libc: LibC, descriptor: number, address: InternetAddress, port: number): Errno {
  let at: number = Scratch.dualWildcard;
  let byteLength = IPV6_ADDRESS_BYTES;
  if (address === DUAL_WILDCARD) writeDualWildcard(libc, port);
  else {
    at = Scratch.internetAddress;
    byteLength = writeInternetAddress(libc, address, port);
  }
  return errnoOf(() => libc.bind(descriptor, libc.scratchPointer + at, byteLength), libc.errno);
}

/** For a bound socket. The kernel looks for conflicts again, now with sockets that only share the port. */
export function startListening(libc: LibC, descriptor: number): Errno {
  return errnoOf(() => libc.listen(descriptor, 0), libc.errno);
}

export function bindAbstract(libc: LibC, descriptor: number, name: string): Errno {
  const byteLength = writeAbstractAddress(libc, name);
  const address = libc.scratchPointer + Scratch.unixAddress;
  return errnoOf(() => libc.bind(descriptor, address, byteLength), libc.errno);
}

/** Level and number. */
const OPTIONS = {
  SO_REUSEADDR: [SOL_SOCKET, SO_REUSEADDR],
  SO_REUSEPORT: [SOL_SOCKET, SO_REUSEPORT],
  IPV6_V6ONLY: [IPPROTO_IPV6, IPV6_V6ONLY],
} as const;

function setOption(libc: LibC, descriptor: number, name: keyof typeof OPTIONS, on: boolean): void {
  const [level, option] = OPTIONS[name];
  const code = trySetOption(libc, descriptor, level, option, on);
  if (code !== 0) throw errorFor(`setsockopt(${name})`, code);
}

function trySetOption(libc: LibC, descriptor: number, level: number, option: number, on: boolean): Errno {
  const value = libc.scratchPointer + (on ? Scratch.one : Scratch.zero);
  libc.scratch[Scratch.one] = 1;
  return libc.setsockopt(descriptor, level, option, value, 4) === 0 ? 0 : libc.errno();
}
