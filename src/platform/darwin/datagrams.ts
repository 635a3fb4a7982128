/** UDP's side of a port. */
import { IPV4_WILDCARD, IPV6_WILDCARD } from '../internet-address.ts';
import type { InternetAddress } from '../port-kernel.ts';
import { SOCK_DGRAM } from './constants.ts';
import { errorFor, meaningOf } from './errno.ts';
import type { LibC } from './libc.ts';
import { bindInternet, openInternetSocket } from './sockets.ts';
import { Mark } from './thread-descriptors.ts';

/**
 * Without an option a bind of the wildcard conflicts with every UDP socket of its family. One bind of both families would pass
 * over a socket on 0.0.0.0. The lock is TCP's, so it is not in the way.
 */
export function udpIsFree(libc: LibC, port: number): boolean {
  return [IPV6_WILDCARD, IPV4_WILDCARD].every((address) => isFree(libc, port, address));
}

function isFree(libc: LibC, port: number, address: InternetAddress): boolean {
  const descriptor = openInternetSocket(libc, address, Mark.seal, SOCK_DGRAM);
  if (descriptor === undefined) return true;
  const code = bindInternet(libc, descriptor, address, port);
  libc.close(descriptor);
  if (code === 0) return true;
  if (meaningOf(code) === 'taken') return false;
  throw errorFor('bind', code, { port });
}
