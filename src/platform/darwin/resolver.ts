/** Host names and literals to addresses of this machine, synchronously, each once in a thread. */
import { isUnderLocalhost } from '../../core/host-name.ts';
import { HostError } from '../../errors/index.ts';
import { IPV4_LOOPBACK, IPV6_LOOPBACK } from '../internet-address.ts';
import type { InternetAddress } from '../port-kernel.ts';
import { threadState } from '../thread-state.ts';
import { AddressInfo, AF_INET, AF_INET6, SOCK_STREAM, SocketAddress } from './constants.ts';
import { errorFor, meaningOf } from './errno.ts';
import type { LibC } from './libc.ts';
import { isLockAddress } from './lock.ts';
import { Scratch } from './scratch.ts';
import { bindInternet, openInternetSocket } from './sockets.ts';
import { Mark } from './thread-descriptors.ts';

const MAX_LIST_LENGTH = 64;
const LOOPBACK = [IPV4_LOOPBACK, IPV6_LOOPBACK];

/** The addresses of a host that can be bound here. @throws HostError if there is none */
export function resolveLocalHost(libc: LibC, host: string): readonly InternetAddress[] {
  const cache = threadState('resolved-hosts', () => new Map<string, readonly InternetAddress[]>());
  let addresses = cache.get(host);
  if (addresses === undefined) {
    const all = isUnderLocalhost(host) ? LOOPBACK : lookUp(libc, host);
    addresses = all.filter((address) => isLocal(libc, address));
    if (addresses.length === 0) {
      throw new HostError({
        host,
        problem: 'is not an address of this machine',
        fix: 'Name a host or address that a server here can listen on',
      });
    }
    cache.set(host, addresses);
  }
  return addresses;
}

/**
 * Programs that listen on everything that localhost means bind the lock's own address, if it is among that.
 * @returns what is wrong, or undefined
 */
export function findLockProblem(libc: LibC): string | undefined {
  const isNamed = lookUp(libc, 'localhost').some(({ bytes }) => isLockAddress(bytes));
  return isNamed
    ? "'localhost' means fe80::1%lo0 too, the address with which portslice locks ports, so a server that listens on all " +
        'that it means (of asyncio, say) is refused: take the line with fe80::1%lo0 out of /etc/hosts'
    : undefined;
}

function lookUp(libc: LibC, host: string): InternetAddress[] {
  const { scratch, scratchPointer } = libc;
  scratch.fill(0, Scratch.hints, Scratch.hints + AddressInfo.bytes);
  scratch.writeInt32LE(SOCK_STREAM, Scratch.hints + AddressInfo.socketType);
  const [hints, result] = [scratchPointer + Scratch.hints, scratchPointer + Scratch.result];
  const code = libc.getaddrinfo(host, null, hints, result);
  if (code !== 0) {
    throw new HostError({
      host,
      problem: `does not resolve (${libc.gai_strerror(code)})`,
      fix: 'Check the spelling, or add the name to /etc/hosts',
    });
  }
  // SAFETY: the list is the system library's until freeaddrinfo, which is only right after a success.
  const list = readPointer(libc, Scratch.result);
  try {
    return readList(libc, list);
  } finally {
    libc.freeaddrinfo(list);
  }
}

function readList(libc: LibC, list: number): InternetAddress[] {
  const addresses: InternetAddress[] = [];
  for (let entry = list; entry !== 0 && addresses.length < MAX_LIST_LENGTH;) {
    copyToScratch(libc, entry, AddressInfo.bytes);
    const family = libc.scratch.readInt32LE(Scratch.structure + AddressInfo.family);
    const byteLength = libc.scratch.readUInt32LE(Scratch.structure + AddressInfo.addressBytes);
    const address = readPointer(libc, Scratch.structure + AddressInfo.address);
    entry = readPointer(libc, Scratch.structure + AddressInfo.next);
    copyToScratch(libc, address, Math.min(byteLength, SocketAddress.ipv6Bytes));
    if (family === AF_INET) addresses.push(readIPv4(libc));
    if (family === AF_INET6) addresses.push(readIPv6(libc));
  }
  return addresses;
}

function readIPv4(libc: LibC): InternetAddress {
  return { family: 'ipv4', bytes: readBytes(libc, SocketAddress.ipv4, 4), scopeId: 0, dual: false };
}

function readIPv6(libc: LibC): InternetAddress {
  const bytes = readBytes(libc, SocketAddress.ipv6, 16);
  // ::ffff:a.b.c.d is an IPv4 address: a socket of IPv6 alone cannot be bound to it.
  const isMapped = bytes.every((byte, index) => index >= 12 || byte === (index < 10 ? 0 : 0xff));
  if (isMapped) return { family: 'ipv4', bytes: bytes.slice(12), scopeId: 0, dual: false };
  const scopeId = libc.scratch.readUInt32LE(Scratch.structure + SocketAddress.scopeId);
  return { family: 'ipv6', bytes, scopeId, dual: false };
}

function readBytes({ scratch }: LibC, offset: number, byteLength: number): Uint8Array {
  const at = Scratch.structure + offset;
  return Uint8Array.from(scratch.subarray(at, at + byteLength));
}

function copyToScratch(libc: LibC, source: number, byteLength: number): void {
  libc.memcpy(libc.scratchPointer + Scratch.structure, source, byteLength);
}

function readPointer({ scratch }: LibC, offset: number): number {
  return Number(scratch.readBigUInt64LE(offset));
}

/** An address is of this machine if a socket can be bound to it. */
function isLocal(libc: LibC, address: InternetAddress): boolean {
  const descriptor = openInternetSocket(libc, address, Mark.seal);
  if (descriptor === undefined) return false;
  const code = bindInternet(libc, descriptor, address, 0);
  libc.close(descriptor);
  // Out of ephemeral ports: the address itself is fine.
  if (code === 0 || meaningOf(code) === 'taken') return true;
  const meaning = meaningOf(code);
  if (meaning === 'limit' || meaning === 'denied') throw errorFor('bind', code);
  // EINVAL: a link-local address without its interface.
  return false;
}
