/**
 * The hold of a port: a bound, never listening TCP socket with SO_REUSEADDR, on which a server that sets SO_REUSEADDR or
 * SO_REUSEPORT can listen, while ephemeral selection and strict binds pass the port by.
 */
import { formatAddress } from '../../core/address-text.ts';
import { HostError } from '../../errors/index.ts';
import { errorFor, meaningOf } from '../errno.ts';
import type { Hold, HoldTarget, InternetAddress } from '../port-kernel.ts';
import type { LibC } from './libc.ts';
import { DUAL_WILDCARD, IPV4_WILDCARD } from './scratch.ts';
import {
  bindInternet,
  openInternetSocket,
  setReuseAddress,
  setReusePort,
  startListening,
} from './sockets.ts';

/** How a socket takes part in a port. */
interface BindMode {
  /** Without SO_REUSEADDR the socket is alone on the port, and even a TIME_WAIT is in its way. */
  readonly reuseAddress: boolean;
  /** Done with each descriptor once it is bound. */
  readonly afterBind?: (libc: LibC, descriptor: number) => void;
}

const HELD: BindMode = {
  reuseAddress: true,
  // Only afterwards: set before the bind, the hold would succeed over a leaked SO_REUSEPORT listener.
  afterBind: (libc, descriptor) => setReusePort(libc, descriptor, true),
};
const SEALED: BindMode = {
  reuseAddress: true,
  afterBind: (libc, descriptor) => setReuseAddress(libc, descriptor, false),
};
const PROBED: BindMode = { reuseAddress: true };
const STRICT: BindMode = { reuseAddress: false };

/** @returns undefined if something on this machine has the port */
export function takeHold(libc: LibC, port: number, target: HoldTarget): Hold | undefined {
  return bindTarget(libc, port, target, HELD);
}

/** Finds where the port is free for a server that sets no option. The hold it returns has no descriptors. */
export function checkStrictly(libc: LibC, port: number, target: HoldTarget): Hold | undefined {
  const checked = bindTarget(libc, port, target, STRICT);
  if (checked === undefined) return undefined;
  closeAll(libc, checked.descriptors);
  return { descriptors: [], addresses: checked.addresses };
}

/** Probes whether anything listens on the port, on any of the addresses. Holds do not disturb the probe. */
export function somethingListens(libc: LibC, port: number, addresses: Hold['addresses']): boolean {
  const bound = bindAll(libc, port, addresses, PROBED);
  closeAll(libc, bound ?? []);
  return bound === undefined;
}

/**
 * As `somethingListens`, for the port of a hold that is about to be closed: the hold itself tries to listen, which saves
 * three of five system calls. Where it can, it does so until it is closed.
 */
export function somethingListensBeside(libc: LibC, descriptors: readonly number[]): boolean {
  for (const descriptor of descriptors) {
    // With it, the hold could listen beside a server that has it too.
    setReusePort(libc, descriptor, false);
    const code = startListening(libc, descriptor);
    if (code === 0) continue;
    setReusePort(libc, descriptor, true);
    if (meaningOf(code) === 'taken') return true;
    throw errorFor('listen', code);
  }
  return false;
}

/**
 * Binds the port so that nobody can listen on it any more. Close the old hold first: the kernel remembers that
 * SO_REUSEPORT was used on it. @returns undefined if a server has slipped in
 */
export function takeSeal(libc: LibC, port: number, addresses: Hold['addresses']): number[] | undefined {
  return bindAll(libc, port, addresses, SEALED);
}

export function closeAll(libc: LibC, descriptors: readonly number[]): void {
  for (const descriptor of descriptors) libc.close(descriptor);
}

/** Tells whether this kernel has IPv6 sockets at all. */
export function hasIPv6(libc: LibC): boolean {
  const descriptor = openInternetSocket(libc, DUAL_WILDCARD);
  if (descriptor !== undefined) libc.close(descriptor);
  return descriptor !== undefined;
}

function bindTarget(
  libc: LibC,
  port: number,
  { exactAddresses }: HoldTarget,
  mode: BindMode,
): Hold | undefined {
  const everywhere = bindAll(libc, port, undefined, mode);
  if (everywhere !== undefined) return { descriptors: everywhere, addresses: undefined };
  if (exactAddresses === undefined) return undefined;
  const exactly = bindAll(libc, port, exactAddresses, mode);
  return exactly && { descriptors: exactly, addresses: exactAddresses };
}

/** Binds all addresses or none. */
function bindAll(
  libc: LibC,
  port: number,
  addresses: Hold['addresses'],
  mode: BindMode,
): number[] | undefined {
  if (addresses === undefined) {
    const descriptor = bindOne(libc, port, DUAL_WILDCARD, mode);
    return descriptor === undefined ? undefined : [descriptor];
  }
  const bound: number[] = [];
  let complete = false;
  try {
    for (const address of addresses) {
      const descriptor = bindOne(libc, port, address, mode);
      if (descriptor === undefined) return undefined;
      bound.push(descriptor);
    }
    complete = true;
    return bound;
  } finally {
    if (!complete) closeAll(libc, bound);
  }
}

function bindOne(libc: LibC, port: number, address: InternetAddress, mode: BindMode): number | undefined {
  const descriptor = openInternetSocket(libc, address);
  // Without IPv6 in the kernel, every address is every IPv4 address.
  if (descriptor === undefined) return address.dual ? bindOne(libc, port, IPV4_WILDCARD, mode) : undefined;
  let bound = false;
  try {
    if (mode.reuseAddress) setReuseAddress(libc, descriptor, true);
    const code = bindInternet(libc, descriptor, address, port);
    if (code !== 0 && meaningOf(code) !== 'taken') throw bindError(code, port, address);
    if (code !== 0) return undefined;
    mode.afterBind?.(libc, descriptor);
    bound = true;
    return descriptor;
  } finally {
    if (!bound) libc.close(descriptor);
  }
}

function bindError(code: number, port: number, address: InternetAddress): Error {
  if (meaningOf(code) === 'address-not-local') {
    return new HostError({
      host: formatAddress(address.bytes),
      problem: 'is not an address of this machine any more',
      fix: 'Check the network interface, or change hosts',
    });
  }
  const denied =
    'Ports below net.ipv4.ip_unprivileged_port_start need privileges, and a sandbox can forbid others: ' +
    'take the port out of the spec, or exclude it with PORTSLICE_EXCLUDED_PORTS';
  return errorFor('bind', code, { port, denied });
}
