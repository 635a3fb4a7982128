/**
 * The hold of a port on which a strict bind fails, most likely because of what an earlier server has left: for 60 s its
 * connections are in TIME_WAIT. A bind with SO_REUSEADDR passes over them, but also over a stranger's socket that is about to
 * listen. Two addresses that nobody uses tell these apart: a strict bind of one fails only where a wildcard socket is bound,
 * and a connection has an address of its own. While they are bound, they keep new wildcard sockets away.
 *
 * What this does not see is a stranger between its bind and its listen() on one certain address, such as 127.0.0.1. That is why it
 * comes after the strict bind only. notes/hold.md has the counts.
 */
import { bindEach } from '../bind-each.ts';
import { meaningOf } from '../errno.ts';
import {
  DUAL_WILDCARD,
  ipv4Address,
  IPV4_LOOPBACK,
  ipv6Address,
  IPV6_LOOPBACK,
} from '../internet-address.ts';
import type { Hold, HoldTarget, InternetAddress } from '../port-kernel.ts';
import { bindError, bindOne, closeAll } from './bound-addresses.ts';
import { HELD_OVER_OTHERS, holdMode } from './hold.ts';
import type { LibC } from './libc.ts';
import { allowForeignAddress, bindInternet, openInternetSocket, setReuseAddress } from './sockets.ts';

type Family = InternetAddress['family'];

/**
 * In the order in which they are tried. Where the kernel or a sandbox refuses the first, the loopback address serves: a strict bind
 * of it sees the same, and leftovers too.
 */
const UNUSED_ADDRESSES: Readonly<Record<Family, readonly InternetAddress[]>> = {
  ipv4: [ipv4Address(127, 111, 112, 114), IPV4_LOOPBACK],
  // 100::706f:7274. Routers discard what is sent to 100::/64 (RFC 6666).
  ipv6: [ipv6Address([0x01, 0x00], [0x70, 0x6f, 0x72, 0x74]), IPV6_LOOPBACK],
};

/** For a port that `takeHold` has just found taken. @returns undefined if there may be more than leftovers */
export function takeHoldOverLeftovers(libc: LibC, port: number, { addresses }: HoldTarget): Hold | undefined {
  const everywhere = bindOverLeftovers(libc, port, DUAL_WILDCARD);
  if (everywhere !== undefined) return { kind: 'held', descriptors: [everywhere], addresses: 'everywhere' };
  if (addresses === 'everywhere') return undefined;
  const mode = holdMode(libc);
  const bindExactly = (address: InternetAddress): number | undefined =>
    bindOne(libc, port, address, mode) ?? bindOverLeftovers(libc, port, address);
  const exactly = bindEach(addresses, bindExactly, libc.close);
  return exactly && { kind: 'held', descriptors: exactly, addresses };
}

function bindOverLeftovers(libc: LibC, port: number, address: InternetAddress): number | undefined {
  const families: readonly Family[] = address.dual ? ['ipv4', 'ipv6'] : [address.family];
  const unused: number[] = [];
  try {
    for (const family of families) if (!bindUnused(libc, port, family, unused)) return undefined;
    // From here on they are like a hold: only who asks for exactly this port gets it, with the same option.
    for (const descriptor of unused) setReuseAddress(libc, descriptor, true);
    return bindOne(libc, port, address, HELD_OVER_OTHERS);
  } finally {
    closeAll(libc, unused);
  }
}

/**
 * Binds an address that nobody uses, strictly, and adds its descriptor.
 * @returns whether it is certain that no wildcard socket of the family is bound; without the family none can be
 */
function bindUnused(libc: LibC, port: number, family: Family, descriptors: number[]): boolean {
  for (const address of UNUSED_ADDRESSES[family]) {
    const descriptor = openInternetSocket(libc, address);
    if (descriptor === undefined) return true;
    descriptors.push(descriptor);
    // If it is refused, the bind tells whether it was needed.
    allowForeignAddress(libc, descriptor, family);
    const code = bindInternet(libc, descriptor, address, port);
    if (code === 0) return true;
    libc.close(descriptors.pop() as number);
    const meaning = meaningOf(code);
    if (meaning === 'taken') return false;
    if (meaning !== 'address-not-local') throw bindError(code, port, address);
  }
  return false;
}
