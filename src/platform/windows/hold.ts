/**
 * Windows has no hold: a bound socket that lets Node's servers listen beside it is in the way of .NET's and Java's, which bind
 * exclusively. So a port is checked when it is claimed, and from then on only its lock keeps it. The check sees every socket of the
 * port, whatever its address. Check, probe and seal are the same exclusive bind: closed at once, or kept.
 */
import { bindEach } from '../bind-each.ts';
import { DUAL_WILDCARD } from '../internet-address.ts';
import type { BoundAddresses, Hold, HoldTarget, InternetAddress } from '../port-kernel.ts';
import { type BindMode, bindSocket } from './sockets.ts';
import { overlaps, readSockets } from './tcp-table.ts';
import { closeDescriptor } from './thread-descriptors.ts';
import type { Win32 } from './win32.ts';

/** Finds where the port is free. The hold it returns has no descriptors. */
export function checkStrictly(win32: Win32, port: number, { addresses }: HoldTarget): Hold | undefined {
  if (canBind(win32, port, 'everywhere', 'exclusive'))
    return { kind: 'checked', descriptors: [], addresses: 'everywhere' };
  if (addresses === 'everywhere' || !canBind(win32, port, addresses, 'exclusive')) return undefined;
  // One address can be bound beside a server on every address, whose clients would then come to the test.
  return listensSomewhere(win32, port, addresses)
    ? undefined
    : { kind: 'checked', descriptors: [], addresses };
}

/**
 * For a port on which `checkStrictly` has just failed, perhaps because of connections that an earlier server has left: binds as
 * Node's servers do, and asks the system's table for listeners.
 */
export function checkOverLeftovers(win32: Win32, port: number, { addresses }: HoldTarget): Hold | undefined {
  if (!canBind(win32, port, addresses, 'default')) return undefined;
  return listensSomewhere(win32, port, addresses)
    ? undefined
    : { kind: 'checked', descriptors: [], addresses };
}

/** Also true for a socket that is bound and does not listen; leftovers, which the system's table has, are told apart. */
export function somethingListens(win32: Win32, port: number, addresses: BoundAddresses): boolean {
  if (canBind(win32, port, 'everywhere', 'exclusive')) return false;
  const sockets = readSockets(win32)?.filter((socket) => socket.port === port);
  if (sockets === undefined || sockets.length === 0) return !canBind(win32, port, addresses, 'exclusive');
  return sockets.some((socket) => socket.state === 'listening' && overlaps(socket, addresses));
}

/** Binds the port so that nobody can listen on it any more. @returns undefined if a server is there */
export function takeSeal(win32: Win32, port: number, addresses: BoundAddresses): number[] | undefined {
  return bindAll(win32, port, addresses, 'exclusive');
}

/** The same bind, of UDP. */
export function udpIsFree(win32: Win32, port: number): boolean {
  const socket = bindSocket(win32, port, DUAL_WILDCARD, 'exclusive', 'udp');
  if (socket !== undefined) closeDescriptor(win32, socket);
  return socket !== undefined;
}

function canBind(win32: Win32, port: number, addresses: BoundAddresses, mode: BindMode): boolean {
  const bound = bindAll(win32, port, addresses, mode);
  bound?.forEach((socket) => closeDescriptor(win32, socket));
  return bound !== undefined;
}

/** Whether anybody listens on one of the addresses, or on all; true also where Windows does not tell. */
function listensSomewhere(win32: Win32, port: number, addresses: BoundAddresses): boolean {
  const sockets = readSockets(win32)?.filter(
    (socket) => socket.port === port && socket.state === 'listening',
  );
  return sockets?.some((socket) => overlaps(socket, addresses)) ?? true;
}

const EVERY_ADDRESS: readonly InternetAddress[] = [DUAL_WILDCARD];

/** All of them or none. */
function bindAll(
  win32: Win32,
  port: number,
  addresses: BoundAddresses,
  mode: BindMode,
): number[] | undefined {
  return bindEach(
    addresses === 'everywhere' ? EVERY_ADDRESS : addresses,
    (address) => bindSocket(win32, port, address, mode),
    (socket) => closeDescriptor(win32, socket),
  );
}
