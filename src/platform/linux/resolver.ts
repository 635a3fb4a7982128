/** Host names and literals to addresses of this machine, synchronously, each once in a thread. */
import { isUnderLocalhost } from '../../core/host-name.ts';
import { HostError } from '../../errors/index.ts';
import { meaningOf, errorFor } from '../errno.ts';
import type { InternetAddress } from '../port-kernel.ts';
import { threadState } from '../thread-state.ts';
import { AF_INET, AF_INET6, SOCK_STREAM } from './constants.ts';
import type { LibC } from './libc.ts';
import { Scratch } from './scratch.ts';
import { bindInternet, openInternetSocket } from './sockets.ts';

// struct addrinfo on 64-bit Linux: flags, family, type, protocol, length (int each), padding, three pointers.
const ADDRINFO_BYTES = 48;
const ADDRINFO_FAMILY = 4;
const ADDRINFO_LENGTH = 16;
const ADDRINFO_ADDRESS = 24;
const ADDRINFO_NEXT = 40;
const MAX_LIST_LENGTH = 64;

const LOOPBACK: readonly InternetAddress[] = [
  { family: 'ipv4', bytes: Uint8Array.of(127, 0, 0, 1), scopeId: 0, dual: false },
  { family: 'ipv6', bytes: new Uint8Array(16).fill(1, 15), scopeId: 0, dual: false },
];

/** The addresses of a host that can be bound here. @throws HostError if there is none */
export function resolveLocalHost(libc: LibC, host: string): readonly InternetAddress[] {
  const cache = threadState('resolved-hosts', () => new Map<string, readonly InternetAddress[]>());
  let addresses = cache.get(host);
  if (addresses === undefined) {
    addresses = resolve(libc, host).filter((address) => isLocal(libc, address));
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

function resolve(libc: LibC, host: string): readonly InternetAddress[] {
  if (isUnderLocalhost(host)) return LOOPBACK;
  libc.scratch.fill(0, Scratch.hints, Scratch.hints + ADDRINFO_BYTES);
  libc.scratch.writeInt32LE(SOCK_STREAM, Scratch.hints + 8);
  const code = libc.getaddrinfo(
    host,
    null,
    libc.scratchPointer + Scratch.hints,
    libc.scratchPointer + Scratch.result,
  );
  if (code !== 0) {
    throw new HostError({
      host,
      problem: `does not resolve (${libc.gai_strerror(code)})`,
      fix: 'Check the spelling, or add the name to /etc/hosts',
    });
  }
  // SAFETY: the list is the C library's until freeaddrinfo, which is only right after a success.
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
    copyToScratch(libc, entry, ADDRINFO_BYTES);
    const family = libc.scratch.readInt32LE(Scratch.structure + ADDRINFO_FAMILY);
    const byteLength = libc.scratch.readUInt32LE(Scratch.structure + ADDRINFO_LENGTH);
    const address = readPointer(libc, Scratch.structure + ADDRINFO_ADDRESS);
    entry = readPointer(libc, Scratch.structure + ADDRINFO_NEXT);
    copyToScratch(libc, address, Math.min(byteLength, 28));
    if (family === AF_INET) addresses.push(readIPv4(libc));
    if (family === AF_INET6) addresses.push(readIPv6(libc));
  }
  return addresses;
}

function readIPv4({ scratch }: LibC): InternetAddress {
  const at = Scratch.structure;
  return {
    family: 'ipv4',
    bytes: Uint8Array.from(scratch.subarray(at + 4, at + 8)),
    scopeId: 0,
    dual: false,
  };
}

function readIPv6({ scratch }: LibC): InternetAddress {
  const at = Scratch.structure;
  const bytes = Uint8Array.from(scratch.subarray(at + 8, at + 24));
  // ::ffff:a.b.c.d is an IPv4 address: a socket of IPv6 alone cannot be bound to it.
  const isMapped = bytes.every((byte, index) => index >= 12 || byte === (index < 10 ? 0 : 0xff));
  if (isMapped) return { family: 'ipv4', bytes: bytes.slice(12), scopeId: 0, dual: false };
  return { family: 'ipv6', bytes, scopeId: scratch.readUInt32LE(at + 24), dual: false };
}

function copyToScratch(libc: LibC, source: number, byteLength: number): void {
  libc.memcpy(libc.scratchPointer + Scratch.structure, source, byteLength);
}

function readPointer({ scratch }: LibC, offset: number): number {
  return Number(scratch.readBigUInt64LE(offset));
}

/** An address is of this machine if a socket can be bound to it. */
function isLocal(libc: LibC, address: InternetAddress): boolean {
  const descriptor = openInternetSocket(libc, address);
  if (descriptor === undefined) return false;
  const code = bindInternet(libc, descriptor, address, 0);
  libc.close(descriptor);
  // Out of ephemeral ports: the address itself is fine.
  if (code === 0 || meaningOf(code) === 'taken') return true;
  // EINVAL: a link-local address without its interface.
  const meaning = meaningOf(code);
  if (meaning === 'limit' || meaning === 'denied') throw errorFor('bind', code);
  return false;
}
