/** Asks a C library for the addresses of a host. Each system has its own layout of the answer. */
import { HostError } from '../errors/index.ts';
import { ipv4AddressFrom, ipv6AddressFrom, MAX_LIST_LENGTH } from './local-host.ts';
import type { InternetAddress } from './port-kernel.ts';

/** What is needed of a C library. SAFETY: every pointer lies in its scratch memory, or comes from it. */
interface ResolverLibrary {
  readonly getaddrinfo: (node: string, service: null, hints: number, result: number) => number;
  readonly gai_strerror: (code: number) => string;
  readonly freeaddrinfo: (list: number) => void;
  readonly memcpy: (destination: number, source: number, byteLength: number) => number;
  readonly scratch: Buffer;
  readonly scratchPointer: number;
}

/** Offsets and sizes in bytes. */
export interface ResolverLayout {
  readonly ipv4Family: number;
  readonly ipv6Family: number;
  readonly streamType: number;
  /** struct addrinfo. */
  readonly addressInfo: {
    readonly bytes: number;
    readonly family: number;
    readonly socketType: number;
    readonly addressBytes: number;
    readonly address: number;
    readonly next: number;
  };
  /** struct sockaddr_in and sockaddr_in6. */
  readonly socketAddress: {
    readonly ipv4: number;
    readonly ipv6: number;
    readonly scopeId: number;
    readonly ipv6Bytes: number;
  };
  /** Parts of the scratch memory. */
  readonly scratch: { readonly hints: number; readonly result: number; readonly structure: number };
}

/** @throws HostError if the host does not resolve */
export function lookUpHost(
  library: ResolverLibrary,
  host: string,
  layout: ResolverLayout,
): InternetAddress[] {
  const { scratch, scratchPointer } = library;
  const { addressInfo, scratch: parts, streamType } = layout;
  scratch.fill(0, parts.hints, parts.hints + addressInfo.bytes);
  scratch.writeInt32LE(streamType, parts.hints + addressInfo.socketType);
  const [hints, result] = [scratchPointer + parts.hints, scratchPointer + parts.result];
  const code = library.getaddrinfo(host, null, hints, result);
  if (code !== 0) {
    throw new HostError({
      host,
      problem: `does not resolve (${library.gai_strerror(code)})`,
      fix: 'Check the spelling, or add the name to /etc/hosts',
    });
  }
  // SAFETY: the list is the C library's until freeaddrinfo, which is only right after a success.
  const list = readPointer(scratch, parts.result);
  try {
    return readList(library, list, layout);
  } finally {
    library.freeaddrinfo(list);
  }
}

function readList(library: ResolverLibrary, list: number, layout: ResolverLayout): InternetAddress[] {
  const { scratch, scratchPointer, memcpy } = library;
  const { addressInfo, socketAddress, scratch: parts } = layout;
  const at = parts.structure;
  const addresses: InternetAddress[] = [];
  for (let entry = list; entry !== 0 && addresses.length < MAX_LIST_LENGTH;) {
    memcpy(scratchPointer + at, entry, addressInfo.bytes);
    const family = scratch.readInt32LE(at + addressInfo.family);
    const byteLength = scratch.readUInt32LE(at + addressInfo.addressBytes);
    const address = readPointer(scratch, at + addressInfo.address);
    entry = readPointer(scratch, at + addressInfo.next);
    memcpy(scratchPointer + at, address, Math.min(byteLength, socketAddress.ipv6Bytes));
    const bytesAt = (offset: number, count: number): Uint8Array =>
      Uint8Array.from(scratch.subarray(at + offset, at + offset + count));
    if (family === layout.ipv4Family) addresses.push(ipv4AddressFrom(bytesAt(socketAddress.ipv4, 4)));
    if (family === layout.ipv6Family) {
      const scopeId = scratch.readUInt32LE(at + socketAddress.scopeId);
      addresses.push(ipv6AddressFrom(bytesAt(socketAddress.ipv6, 16), scopeId));
    }
  }
  return addresses;
}

function readPointer(scratch: Buffer, offset: number): number {
  return Number(scratch.readBigUInt64LE(offset));
}
