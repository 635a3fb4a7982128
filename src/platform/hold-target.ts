/** What `hosts` and `socketAddressFamily` mean for a hold. */
import { HostError } from '../errors/index.ts';
import { IPV4_WILDCARD, IPV6_WILDCARD } from './internet-address.ts';
import type { HoldTarget, InternetAddress, SocketAddressFamily } from './port-kernel.ts';

/** More sockets than this for one port is almost certainly a mistake. */
const MAX_HOLD_DESCRIPTORS = 7;

/** What this machine has. */
export interface LocalAddresses {
  hasIPv6(): boolean;
  /** The addresses of a host that can be bound here. @throws HostError if there is none */
  resolveLocalHost(host: string): readonly InternetAddress[];
}

const EVERYWHERE: HoldTarget = { addresses: 'everywhere' };

/**
 * @param hosts `''` is every address of the family
 * @throws HostError at once if a host does not resolve, is not of this machine or has no address of the family
 */
export function holdTargetFor(
  machine: LocalAddresses,
  hosts: readonly string[],
  family: SocketAddressFamily,
): HoldTarget {
  const named = hosts.filter((host) => host !== '' && host !== 'localhost');
  for (const host of named) addressesOf(machine, host, family);
  if (hosts.includes('')) return wildcardTarget(machine, family);
  const addresses = withoutCovered(unique(hosts.flatMap((host) => addressesOf(machine, host, family))));
  // A server on '::' serves IPv4 too, unless it is told otherwise.
  if (family === 'dual' && addresses.some((address) => address.family === 'ipv6' && isWildcard(address)))
    return EVERYWHERE;
  if (addresses.length > MAX_HOLD_DESCRIPTORS) {
    throw new HostError({
      host: hosts.join(', '),
      problem: `resolves to ${addresses.length} addresses, at most ${MAX_HOLD_DESCRIPTORS} can be held`,
      fix: "Name fewer hosts, or use '' for every address",
    });
  }
  return { addresses: addresses };
}

function wildcardTarget(machine: LocalAddresses, family: SocketAddressFamily): HoldTarget {
  if (family === 'dual') return EVERYWHERE;
  if (family === 'ipv6' && !machine.hasIPv6()) {
    throw new HostError({
      host: '',
      problem: 'needs IPv6, which this kernel does not support',
      fix: "Use socketAddressFamily 'dual' or 'ipv4'",
    });
  }
  return { addresses: [family === 'ipv4' ? IPV4_WILDCARD : IPV6_WILDCARD] };
}

function addressesOf(
  machine: LocalAddresses,
  host: string,
  family: SocketAddressFamily,
): readonly InternetAddress[] {
  const addresses = machine
    .resolveLocalHost(host)
    .filter((address) => family === 'dual' || address.family === family);
  if (addresses.length > 0) return addresses;
  throw new HostError({
    host,
    problem: `has no ${family} address on this machine`,
    fix: 'Change hosts or socketAddressFamily',
  });
}

function unique(addresses: readonly InternetAddress[]): InternetAddress[] {
  const byText = new Map(
    addresses.map((address) => [`${address.bytes.join('.')}%${address.scopeId}`, address]),
  );
  return [...byText.values()];
}

/** An address beside the wildcard of its family needs no socket, and could not have one. */
function withoutCovered(addresses: readonly InternetAddress[]): InternetAddress[] {
  const covered = new Set(addresses.filter(isWildcard).map((address) => address.family));
  return addresses.filter((address) => isWildcard(address) || !covered.has(address.family));
}

function isWildcard({ bytes }: InternetAddress): boolean {
  return bytes.every((byte) => byte === 0);
}
