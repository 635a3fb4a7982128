/** Host names and literals to addresses of this machine, synchronously, each once in a thread. */
import { HostError } from '../../errors/index.ts';
import {
  ipv4AddressFrom,
  ipv6AddressFrom,
  isLocalAlthough,
  localAddressesOf,
  MAX_LIST_LENGTH,
} from '../local-host.ts';
import type { InternetAddress } from '../port-kernel.ts';
import { AddressInfo, AF_INET, AF_INET6, SOCK_STREAM, SocketAddress } from './constants.ts';
import { meaningOf, windowsError } from './errno.ts';
import { Scratch } from './scratch.ts';
import { bind, openSocket } from './sockets.ts';
import { closeDescriptor } from './thread-descriptors.ts';
import type { Win32 } from './win32.ts';

/** The addresses of a host that can be bound here. @throws HostError if there is none */
export function resolveLocalHost(win32: Win32, host: string): readonly InternetAddress[] {
  return localAddressesOf(
    host,
    () => lookUp(win32, host),
    (address) => isLocal(win32, address),
  );
}

function lookUp(win32: Win32, host: string): readonly InternetAddress[] {
  const { scratch, scratchPointer } = win32;
  const hints = Scratch.structure;
  scratch.fill(0, hints, hints + AddressInfo.byteLength);
  scratch.writeInt32LE(SOCK_STREAM, hints + AddressInfo.socketType);
  const code = win32.getAddressInfo(host, null, scratchPointer + hints, scratchPointer + Scratch.pointer);
  if (code !== 0) {
    throw new HostError({
      host,
      problem: `does not resolve (WSA error ${code})`,
      fix: 'Check the spelling, or add the name to the hosts file of Windows',
    });
  }
  // SAFETY: the list is Windows's until FreeAddrInfoW, which is only right after a success.
  const list = readPointer(win32, Scratch.pointer);
  try {
    return readList(win32, list);
  } finally {
    win32.freeAddressInfo(list);
  }
}

function readList(win32: Win32, list: number): InternetAddress[] {
  const addresses: InternetAddress[] = [];
  for (let entry = list, count = 0; entry !== 0 && count < MAX_LIST_LENGTH; count++) {
    copyToScratch(win32, entry, AddressInfo.byteLength);
    const byteLength = Number(win32.scratch.readBigUInt64LE(Scratch.structure + AddressInfo.addressLength));
    const address = readPointer(win32, Scratch.structure + AddressInfo.address);
    entry = readPointer(win32, Scratch.structure + AddressInfo.next);
    copyToScratch(win32, address, Math.min(byteLength, SocketAddress.ipv6Bytes));
    const parsed = parseSocketAddress(win32.scratch.subarray(Scratch.structure));
    if (parsed !== undefined) addresses.push(parsed);
  }
  return addresses;
}

/** A struct sockaddr_in or sockaddr_in6. @returns undefined for any other */
export function parseSocketAddress(bytes: Buffer): InternetAddress | undefined {
  const family = bytes.readUInt16LE(SocketAddress.family);
  const slice = (at: number, byteLength: number): Uint8Array =>
    Uint8Array.from(bytes.subarray(at, at + byteLength));
  if (family === AF_INET) return ipv4AddressFrom(slice(SocketAddress.ipv4Address, 4));
  if (family !== AF_INET6) return undefined;
  return ipv6AddressFrom(slice(SocketAddress.ipv6Address, 16), bytes.readUInt32LE(SocketAddress.ipv6ScopeId));
}

function copyToScratch(win32: Win32, source: number, byteLength: number): void {
  win32.copyMemory(win32.scratchPointer + Scratch.structure, source, byteLength);
}

function readPointer({ scratch }: Win32, offset: number): number {
  return Number(scratch.readBigUInt64LE(offset));
}

/** An address is of this machine if a socket can be bound to it. */
function isLocal(win32: Win32, address: InternetAddress): boolean {
  const socket = openSocket(win32, address);
  if (socket === undefined) return false;
  const code = bind(win32, socket, address, 0);
  closeDescriptor(win32, socket);
  return code === 0 || isLocalAlthough(meaningOf(code), () => windowsError('bind', code));
}
