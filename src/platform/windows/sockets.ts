/** Sockets, bound so that nobody else can have any address of theirs, and inherited by no child. */
import { addressIsGone } from '../bind-each.ts';
import { DUAL_WILDCARD, IPV4_WILDCARD } from '../internet-address.ts';
import type { InternetAddress } from '../port-kernel.ts';
import {
  AF_INET,
  AF_INET6,
  INVALID_SOCKET,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPV6_V6ONLY,
  SO_EXCLUSIVEADDRUSE,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
  WSA_FLAG_NO_HANDLE_INHERIT,
  WSA_FLAG_OVERLAPPED,
} from './constants.ts';
import { meaningOf, windowsError } from './errno.ts';
import { Scratch, writeAddress } from './scratch.ts';
import { closeDescriptor, openRecorded } from './thread-descriptors.ts';
import type { Win32 } from './win32.ts';

/** Node starts its children with inheritance on: an inherited seal would outlive its process in them. */
const FLAGS = WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT;

export type Transport = 'tcp' | 'udp';

/** @returns the socket, or undefined where Windows does not know the address family */
export function openSocket(
  win32: Win32,
  { family, dual }: InternetAddress,
  transport: Transport = 'tcp',
): number | undefined {
  const domain = family === 'ipv4' ? AF_INET : AF_INET6;
  const [type, protocol] = transport === 'tcp' ? [SOCK_STREAM, IPPROTO_TCP] : [SOCK_DGRAM, IPPROTO_UDP];
  const socket = openRecorded(win32, () => {
    const opened = win32.openSocket(domain, type, protocol, 0, 0, FLAGS);
    return opened === INVALID_SOCKET ? 0 : opened;
  });
  if (socket === 0) {
    const code = win32.lastSocketError();
    if (meaningOf(code) === 'family-unavailable') return undefined;
    throw windowsError(`WSASocketW(${family})`, code);
  }
  try {
    if (family === 'ipv6') setOption(win32, socket, IPPROTO_IPV6, IPV6_V6ONLY, !dual);
    return socket;
  } catch (error) {
    closeDescriptor(win32, socket);
    throw error;
  }
}

/** @returns the error code, 0 for success */
export function bind(win32: Win32, socket: number, address: InternetAddress, port: number): number {
  const byteLength = writeAddress(win32, address, port);
  const result = win32.bind(socket, win32.scratchPointer + Scratch.address, byteLength);
  return result === 0 ? 0 : win32.lastSocketError();
}

/** How a bind looks at other sockets. */
export type BindMode =
  /** Conflicts with every socket on any of its addresses, and keeps every later one away. */
  | 'exclusive'
  /** As Node's servers bind: a socket on one certain address and one on the wildcard do not conflict. */
  | 'default';

/** @returns the socket, or undefined if the port is taken */
export function bindSocket(
  win32: Win32,
  port: number,
  address: InternetAddress,
  mode: BindMode,
  transport?: Transport,
): number | undefined {
  const socket = openSocket(win32, address, transport);
  // Without IPv6, every address is every IPv4 address.
  if (socket === undefined)
    return address.dual ? bindSocket(win32, port, IPV4_WILDCARD, mode, transport) : undefined;
  let bound = false;
  try {
    if (mode === 'exclusive') setOption(win32, socket, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, true);
    const code = bind(win32, socket, address, port);
    bound = code === 0;
    if (!bound && meaningOf(code) !== 'taken') throw bindError(code, port, address);
    return bound ? socket : undefined;
  } finally {
    if (!bound) closeDescriptor(win32, socket);
  }
}

/** Whether this system has IPv6 sockets at all. */
export function hasIPv6(win32: Win32): boolean {
  const socket = openSocket(win32, DUAL_WILDCARD);
  if (socket !== undefined) closeDescriptor(win32, socket);
  return socket !== undefined;
}

function setOption(win32: Win32, socket: number, level: number, option: number, on: boolean): void {
  win32.scratch[Scratch.one] = 1;
  const value = win32.scratchPointer + (on ? Scratch.one : Scratch.zero);
  if (win32.setSocketOption(socket, level, option, value, 4) === 0) return;
  throw windowsError('setsockopt', win32.lastSocketError());
}

function bindError(code: number, port: number, address: InternetAddress): Error {
  return meaningOf(code) === 'address-not-local'
    ? addressIsGone(address)
    : windowsError('bind', code, { port });
}
