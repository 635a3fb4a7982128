/** Host names and literals to addresses of this machine, synchronously, each once in a thread. */
import { meaningOf, errorFor } from '../errno.ts';
import { isLocalAlthough, localAddressesOf } from '../local-host.ts';
import type { InternetAddress } from '../port-kernel.ts';
import { lookUpHost, type ResolverLayout } from '../posix-resolver.ts';
import { AF_INET, AF_INET6, SOCK_STREAM } from './constants.ts';
import type { LibC } from './libc.ts';
import { IPV6_ADDRESS_BYTES, Scratch } from './scratch.ts';
import { bindInternet, openInternetSocket } from './sockets.ts';

const LAYOUT: ResolverLayout = {
  ipv4Family: AF_INET,
  ipv6Family: AF_INET6,
  streamType: SOCK_STREAM,
  // On 64-bit Linux: flags, family, type, protocol, length (int each), padding, three pointers.
  addressInfo: { bytes: 48, family: 4, socketType: 8, addressBytes: 16, address: 24, next: 40 },
  socketAddress: { ipv4: 4, ipv6: 8, scopeId: 24, ipv6Bytes: IPV6_ADDRESS_BYTES },
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

/** An address is of this machine if a socket can be bound to it. */
function isLocal(libc: LibC, address: InternetAddress): boolean {
  const descriptor = openInternetSocket(libc, address);
  if (descriptor === undefined) return false;
  const code = bindInternet(libc, descriptor, address, 0);
  libc.close(descriptor);
  return code === 0 || isLocalAlthough(meaningOf(code), () => errorFor('bind', code));
}
