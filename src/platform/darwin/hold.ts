/**
 * The check, the probe and the seal of a port. macOS has no hold: whatever keeps ephemeral selection and strict binds away
 * keeps servers away too, or takes their connections. So a port is looked at when it is claimed, and then only its lock keeps it.
 */
import { UnsupportedPlatformError } from '../../errors/index.ts';
import { IPV6_WILDCARD } from '../internet-address.ts';
import type { BoundAddresses, Hold, HoldTarget } from '../port-kernel.ts';
import { bindAll, type BindMode, closeAll, everywhereAnd } from './bound-addresses.ts';
import type { LibC } from './libc.ts';
import { openInternetSocket } from './sockets.ts';
import { Mark } from './thread-descriptors.ts';

/** Finds where the port is free for a server that sets no option, but for one on every address of IPv6: see `BindMode`. */
export function checkStrictly(libc: LibC, port: number, target: HoldTarget): Hold | undefined {
  return checkEverywhere(libc, port, target, 'strict') ?? checkNarrowly(libc, port, target, 'strict');
}

/** A look, in place of a hold. @returns undefined if there is any socket of the port, or what a server has left of one */
export function takeHold(libc: LibC, port: number, target: HoldTarget): Hold | undefined {
  return checkEverywhere(libc, port, target, 'strict');
}

/** As `takeHold`, over what an earlier server has left. */
export function takeHoldOverLeftovers(libc: LibC, port: number, target: HoldTarget): Hold | undefined {
  return checkEverywhere(libc, port, target, 'exact') ?? checkNarrowly(libc, port, target, 'exact');
}

/** Probes whether anything listens on the port, on any of the addresses. */
export function somethingListens(libc: LibC, port: number, addresses: BoundAddresses): boolean {
  return !isFreeOn(libc, port, addresses, 'exact');
}

export function somethingListensBeside(): boolean {
  throw new UnsupportedPlatformError({ platform: 'darwin', capability: 'A probe with the hold itself' });
}

/**
 * Binds the port so that nobody can listen on it any more. Clients that connect then hang until the seal is closed.
 * @returns undefined if a server has slipped in
 */
export function takeSeal(libc: LibC, port: number, addresses: BoundAddresses): number[] | undefined {
  return bindAll(libc, port, addresses, 'exact');
}

/** Tells whether this kernel has IPv6 sockets at all. */
export function hasIPv6(libc: LibC): boolean {
  const descriptor = openInternetSocket(libc, IPV6_WILDCARD, Mark.seal);
  if (descriptor !== undefined) libc.close(descriptor);
  return descriptor !== undefined;
}

function checkEverywhere(
  libc: LibC,
  port: number,
  { addresses }: HoldTarget,
  mode: BindMode,
): Hold | undefined {
  return check(libc, port, everywhereAnd(addresses), mode);
}

function checkNarrowly(
  libc: LibC,
  port: number,
  { addresses }: HoldTarget,
  mode: BindMode,
): Hold | undefined {
  return addresses === 'everywhere' ? undefined : check(libc, port, addresses, mode);
}

function check(libc: LibC, port: number, addresses: BoundAddresses, mode: BindMode): Hold | undefined {
  return isFreeOn(libc, port, addresses, mode) ? { kind: 'checked', descriptors: [], addresses } : undefined;
}

function isFreeOn(libc: LibC, port: number, addresses: BoundAddresses, mode: BindMode): boolean {
  const bound = bindAll(libc, port, addresses, mode);
  closeAll(libc, bound ?? []);
  return bound !== undefined;
}
