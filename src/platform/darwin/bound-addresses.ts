/** Binds a port on several addresses, all of them or none, in an order that harms no server. */
import { addressIsGone, bindEach } from '../bind-each.ts';
import { IPV4_LOOPBACK, IPV4_WILDCARD, IPV6_LOOPBACK, IPV6_WILDCARD } from '../internet-address.ts';
import type { BoundAddresses, InternetAddress } from '../port-kernel.ts';
import { SO_REUSEADDR, SOL_SOCKET } from './constants.ts';
import { errorFor, meaningOf } from './errno.ts';
import type { LibC } from './libc.ts';
import { bindInternet, openInternetSocket, setOption } from './sockets.ts';
import { Mark } from './thread-descriptors.ts';

/**
 * With SO_REUSEADDR a bind conflicts with sockets of the identical address only, and passes over what earlier servers have left.
 * Without, it conflicts with everything that overlaps: one bind sees all of IPv4. `strict` leaves the option out for IPv4. For IPv6 it
 * cannot: our own lock is in the way of the wildcard then.
 */
export type BindMode = 'exact' | 'strict';

/** Which a server is bound to that is told no host, or localhost. */
const USUAL_ADDRESSES = [IPV6_WILDCARD, IPV6_LOOPBACK, IPV4_WILDCARD, IPV4_LOOPBACK];

export function closeAll(libc: LibC, descriptors: readonly number[]): void {
  for (const descriptor of descriptors) libc.close(descriptor);
}

/** @returns undefined if the port is taken on one of the addresses */
export function bindAll(
  libc: LibC,
  port: number,
  addresses: BoundAddresses,
  mode: BindMode,
): number[] | undefined {
  return bindEach(inOrder(addresses, mode), (address) => bindOne(libc, port, address, mode), libc.close);
}

/**
 * IPv6 before IPv4, and in each family the wildcard first, named or not; with a wildcard that is named comes the loopback address. A server's socket of every address is only found by
 * a bind of that same address: a bind of one address beside it would succeed and swallow its connections. So that comes
 * first, and the first conflict is the end.
 */
export function inOrder(addresses: BoundAddresses, mode: BindMode): InternetAddress[] {
  const named = addresses === 'everywhere' ? USUAL_ADDRESSES : addresses;
  const ofFamily = (wildcard: InternetAddress, loopback: InternetAddress): InternetAddress[] => {
    const all = named.filter(({ family }) => family === wildcard.family);
    const others = all.filter((address) => !isWildcard(address) && !isSame(address, loopback));
    const hasWildcard = all.some(isWildcard);
    if (all.length === 0) return [];
    // Of IPv4 a strict bind sees everything that overlaps.
    if (mode === 'strict' && wildcard === IPV4_WILDCARD) return hasWildcard ? [wildcard] : all;
    const hasLoopback = hasWildcard || all.some((address) => isSame(address, loopback));
    return [wildcard, ...(hasLoopback ? [loopback] : []), ...others];
  };
  return [...ofFamily(IPV6_WILDCARD, IPV6_LOOPBACK), ...ofFamily(IPV4_WILDCARD, IPV4_LOOPBACK)];
}

/** A host that is named can have an address that no exact bind of the usual ones sees. */
export function everywhereAnd(addresses: BoundAddresses): BoundAddresses {
  const named = addresses === 'everywhere' ? [] : addresses;
  const unusual = named.filter((address) => !USUAL_ADDRESSES.some((usual) => isSame(usual, address)));
  return unusual.length === 0 ? 'everywhere' : [...USUAL_ADDRESSES, ...unusual];
}

function isSame({ bytes: one }: InternetAddress, { bytes: other }: InternetAddress): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function isWildcard({ bytes }: InternetAddress): boolean {
  return bytes.every((byte) => byte === 0);
}

/** A machine can lack IPv6, or one of the usual addresses: nobody can listen there then. @returns undefined if it is taken */
function bindOne(
  libc: LibC,
  port: number,
  address: InternetAddress,
  mode: BindMode,
): number | 'no such address' | undefined {
  const descriptor = openInternetSocket(libc, address, Mark.seal);
  if (descriptor === undefined) return 'no such address';
  let code = 0;
  let bound = false;
  try {
    if (mode === 'exact' || address.family === 'ipv6') setOption(libc, descriptor, SOL_SOCKET, SO_REUSEADDR);
    code = bindInternet(libc, descriptor, address, port);
    bound = code === 0;
  } finally {
    if (!bound) libc.close(descriptor);
  }
  if (bound) return descriptor;
  const meaning = meaningOf(code);
  if (meaning === 'taken') return undefined;
  if (meaning === 'address-not-local' && USUAL_ADDRESSES.includes(address)) return 'no such address';
  throw bindError(code, port, address);
}

function bindError(code: number, port: number, address: InternetAddress): Error {
  if (meaningOf(code) === 'address-not-local') return addressIsGone(address);
  const denied =
    'Ports below 1024 need privileges, and a sandbox can forbid others: take the port out of the spec, or exclude it with ' +
    'PORTSLICE_EXCLUDED_PORTS';
  return errorFor('bind', code, { port, denied });
}
