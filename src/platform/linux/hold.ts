/**
 * The hold of a port: a bound, never listening TCP socket with SO_REUSEADDR, on which a server that sets SO_REUSEADDR or
 * SO_REUSEPORT can listen, while ephemeral selection and strict binds pass the port by.
 */
import { ResourceLimitError } from '../../errors/index.ts';
import { errorFor, meaningOf } from '../errno.ts';
import { DUAL_WILDCARD } from '../internet-address.ts';
import type { BoundAddresses, Hold, HoldTarget } from '../port-kernel.ts';
import { type BindMode, bindAll, bindOne, closeAll, STRICT } from './bound-addresses.ts';
import { knownToWorkAfterBind, noteThatOptionsWorkAfterBind, optionsWorkAfterBind } from './late-options.ts';
import type { LibC } from './libc.ts';
import { boundPort, openInternetSocket, setReuseAddress, setReusePort, startListening } from './sockets.ts';

/**
 * Bound without an option, it conflicts with every socket of the port, also with one that is bound with SO_REUSEADDR and
 * does not listen yet. Such a socket could listen later: only listeners are in its way then.
 */
const HELD_STRICTLY: BindMode = { reuseAddress: false, afterBind: letServersIn };
/** Does not see that socket. Not for a port on which there may be one, unless there is no other way. */
export const HELD_OVER_OTHERS: BindMode = {
  reuseAddress: true,
  // Only afterwards: set before the bind, the hold would succeed over a leaked SO_REUSEPORT listener.
  afterBind: (libc, descriptor) => setReusePort(libc, descriptor, true),
};
const SEALED: BindMode = {
  reuseAddress: true,
  afterBind: (libc, descriptor) => setReuseAddress(libc, descriptor, false),
};
const PROBED: BindMode = { reuseAddress: true };

/** @returns undefined if there is any socket of the port, or what a server has left of one */
export function takeHold(libc: LibC, port: number): Hold | undefined {
  const mode = knownToWorkAfterBind(libc) === false ? HELD_OVER_OTHERS : HELD_STRICTLY;
  const descriptor = bindOne(libc, port, DUAL_WILDCARD, mode);
  if (descriptor === undefined) return undefined;
  if (letsServersListen(libc, port, descriptor))
    return { kind: 'held', descriptors: [descriptor], addresses: 'everywhere' };
  libc.close(descriptor);
  return takeHold(libc, port);
}

/** How a hold is bound on this kernel where nothing is known of the port. */
export function holdMode(libc: LibC): BindMode {
  return optionsWorkAfterBind(libc) ? HELD_STRICTLY : HELD_OVER_OTHERS;
}

/**
 * Tried on the first hold of each thread, with one more bind. A thorough try would take a tenth of a millisecond of its first
 * port. Where the thread has no descriptor for it, a later hold tries.
 */
function letsServersListen(libc: LibC, port: number, descriptor: number): boolean {
  if (knownToWorkAfterBind(libc) !== undefined) return true;
  try {
    if (somethingListens(libc, port, 'everywhere')) return optionsWorkAfterBind(libc);
    noteThatOptionsWorkAfterBind(libc);
    return true;
  } catch (error) {
    if (error instanceof ResourceLimitError) return true;
    libc.close(descriptor);
    throw error;
  }
}

/** Finds where the port is free for a server that sets no option. The hold it returns has no descriptors. */
export function checkStrictly(libc: LibC, port: number, { addresses }: HoldTarget): Hold | undefined {
  if (isFreeOn(libc, port, 'everywhere'))
    return { kind: 'checked', descriptors: [], addresses: 'everywhere' };
  if (addresses === 'everywhere' || !isFreeOn(libc, port, addresses)) return undefined;
  return { kind: 'checked', descriptors: [], addresses };
}

function isFreeOn(libc: LibC, port: number, addresses: BoundAddresses): boolean {
  const bound = bindAll(libc, port, addresses, STRICT);
  closeAll(libc, bound ?? []);
  return bound !== undefined;
}

/** Probes whether anything listens on the port, on any of the addresses. Holds do not disturb the probe. */
export function somethingListens(libc: LibC, port: number, addresses: BoundAddresses): boolean {
  const bound = bindAll(libc, port, addresses, PROBED);
  closeAll(libc, bound ?? []);
  return bound === undefined;
}

/**
 * As `somethingListens`, for the port of a hold that is about to be closed: the hold itself tries to listen, which saves
 * three of five system calls. Where it can, it does so until it is closed.
 */
export function somethingListensBeside(libc: LibC, { descriptors, addresses }: Hold): boolean {
  const [descriptor] = descriptors as readonly [number, ...number[]];
  // One that could listen would go on with it where the next one finds a server.
  if (descriptors.length > 1) return somethingListens(libc, boundPort(libc, descriptor), addresses);
  // With it, the hold could listen beside a server that has it too.
  setReusePort(libc, descriptor, false);
  const code = startListening(libc, descriptor);
  if (code === 0) return false;
  setReusePort(libc, descriptor, true);
  if (meaningOf(code) === 'taken') return true;
  throw errorFor('listen', code);
}

/**
 * Binds the port so that nobody can listen on it any more. Close the old hold first: the kernel remembers that
 * SO_REUSEPORT was used on it. @returns undefined if a server has slipped in
 */
export function takeSeal(libc: LibC, port: number, addresses: BoundAddresses): number[] | undefined {
  return bindAll(libc, port, addresses, SEALED);
}

/** Tells whether this kernel has IPv6 sockets at all. */
export function hasIPv6(libc: LibC): boolean {
  const descriptor = openInternetSocket(libc, DUAL_WILDCARD);
  if (descriptor !== undefined) libc.close(descriptor);
  return descriptor !== undefined;
}

function letServersIn(libc: LibC, descriptor: number): void {
  setReuseAddress(libc, descriptor, true);
  setReusePort(libc, descriptor, true);
}
