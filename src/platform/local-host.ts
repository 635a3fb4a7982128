/** Which addresses of this machine a host is, each host once in a thread: what is the same on every operating system. */
import { isUnderLocalhost } from '../core/host-name.ts';
import { HostError, type PortsliceError } from '../errors/index.ts';
import type { ErrnoMeaning } from './errno.ts';
import { IPV4_LOOPBACK, IPV6_LOOPBACK } from './internet-address.ts';
import type { InternetAddress } from './port-kernel.ts';
import { threadState } from './thread-state.ts';

/** More addresses than a host has, so that no list that the system has spoiled keeps us. */
export const MAX_LIST_LENGTH = 64;

const LOOPBACK: readonly InternetAddress[] = [IPV4_LOOPBACK, IPV6_LOOPBACK];

/**
 * The addresses of a host that can be bound here.
 * @param lookUp asks the system, synchronously @param isLocal whether a socket can be bound to the address
 * @throws HostError if there is none
 */
export function localAddressesOf(
  host: string,
  lookUp: (host: string) => readonly InternetAddress[],
  isLocal: (address: InternetAddress) => boolean,
): readonly InternetAddress[] {
  const cache = threadState('resolved-hosts', () => new Map<string, readonly InternetAddress[]>());
  let addresses = cache.get(host);
  if (addresses === undefined) {
    const all = isUnderLocalhost(host) ? LOOPBACK : lookUp(host);
    addresses = all.filter(isLocal);
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
 * What the failed bind of a port that the system picks says of its address.
 * @throws the error where that says nothing of the address
 */
export function isLocalAlthough(meaning: ErrnoMeaning, error: () => PortsliceError): boolean {
  if (meaning === 'limit' || meaning === 'denied') throw error();
  // Out of ephemeral ports: the address itself is fine. EINVAL is a link-local address without its interface.
  return meaning === 'taken';
}

export function ipv4AddressFrom(bytes: Uint8Array): InternetAddress {
  return { family: 'ipv4', bytes, scopeId: 0, dual: false };
}

/** ::ffff:a.b.c.d is an IPv4 address: a socket of IPv6 alone cannot be bound to it. */
export function ipv6AddressFrom(bytes: Uint8Array, scopeId: number): InternetAddress {
  const isMapped = bytes.every((byte, index) => index >= 12 || byte === (index < 10 ? 0 : 0xff));
  return isMapped ? ipv4AddressFrom(bytes.slice(12)) : { family: 'ipv6', bytes, scopeId, dual: false };
}
