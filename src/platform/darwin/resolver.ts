/** Host names and literals to addresses of this machine, synchronously, each once in a thread. */
import { isLocalAlthough, localAddressesOf } from '../local-host.ts';
import type { InternetAddress } from '../port-kernel.ts';
import { lookUpHost, type ResolverLayout } from '../posix-resolver.ts';
import { AddressInfo, AF_INET, AF_INET6, SOCK_STREAM, SocketAddress } from './constants.ts';
import { errorFor, meaningOf } from './errno.ts';
import type { LibC } from './libc.ts';
import { isLockAddress } from './lock.ts';
import { Scratch } from './scratch.ts';
import { bindInternet, openInternetSocket } from './sockets.ts';
import { Mark } from './thread-descriptors.ts';

const LAYOUT: ResolverLayout = {
  ipv4Family: AF_INET,
  ipv6Family: AF_INET6,
  streamType: SOCK_STREAM,
  addressInfo: AddressInfo,
  socketAddress: SocketAddress,
  scratch: Scratch,
};

/** The addresses of a host that can be bound here. @throws HostError if there is none */
export function resolveLocalHost(libc: LibC, host: string): readonly InternetAddress[] {
  return localAddressesOf(
    host,
    () => lookUpHost(libc, host, LAYOUT),
    (address) => isLocal(libc, address),
  );
}

/**
 * Programs that listen on everything that localhost means bind the lock's own address, if it is among that.
 * @returns what is wrong, or undefined
 */
export function findLockProblem(libc: LibC): string | undefined {
  const isNamed = lookUpHost(libc, 'localhost', LAYOUT).some(({ bytes }) => isLockAddress(bytes));
  return isNamed
    ? "'localhost' means fe80::1%lo0 too, the address with which portslice locks ports, so a server that listens on all " +
        'that it means (of asyncio, say) is refused: take the line with fe80::1%lo0 out of /etc/hosts'
    : undefined;
}

/** An address is of this machine if a socket can be bound to it. */
function isLocal(libc: LibC, address: InternetAddress): boolean {
  const descriptor = openInternetSocket(libc, address, Mark.seal);
  if (descriptor === undefined) return false;
  const code = bindInternet(libc, descriptor, address, 0);
  libc.close(descriptor);
  return code === 0 || isLocalAlthough(meaningOf(code), () => errorFor('bind', code));
}
