/** A listening socket that is handed to a server. Nothing else of this port is in its way: there is no hold, and the lock is elsewhere. */
import type { HandedSocket } from '../handed-socket.ts';
import { holdTargetFor } from '../hold-target.ts';
import { DUAL_WILDCARD, IPV4_WILDCARD } from '../internet-address.ts';
import type { InternetAddress, SocketAddressFamily } from '../port-kernel.ts';
import { F_GETFL, F_SETFL, O_NONBLOCK, SO_REUSEADDR, SOL_SOCKET } from './constants.ts';
import { readSocket } from './descriptors.ts';
import { errorFor, meaningOf } from './errno.ts';
import { somethingListens } from './hold.ts';
import type { LibC } from './libc.ts';
import { localAddresses } from './local-addresses.ts';
import { bindInternet, openInternetSocket, setOption } from './sockets.ts';
import { Mark } from './thread-descriptors.ts';

/** As Node's default. The kernel allows less. */
const BACKLOG = 511;

/** @returns undefined if somebody listens there. @throws HostError */
export function openHandedSocket(
  libc: LibC,
  port: number,
  host: string,
  family: SocketAddressFamily,
): HandedSocket | undefined {
  const { addresses } = holdTargetFor(localAddresses(libc), [host], family);
  // The socket itself could be bound beside a server on an address of another kind.
  if (somethingListens(libc, port, addresses)) return undefined;
  const [address = DUAL_WILDCARD] = addresses === 'everywhere' ? [] : addresses;
  const descriptor =
    open(libc, port, address) ?? (address.dual ? open(libc, port, IPV4_WILDCARD) : undefined);
  return descriptor === undefined || descriptor === 'taken' ? undefined : describe(libc, descriptor);
}

/** @returns undefined where the kernel does not know the address family */
function open(libc: LibC, port: number, address: InternetAddress): number | 'taken' | undefined {
  const descriptor = openInternetSocket(libc, address, Mark.seal);
  if (descriptor === undefined) return undefined;
  let isComplete = false;
  try {
    setOption(libc, descriptor, SOL_SOCKET, SO_REUSEADDR);
    const code = bindInternet(libc, descriptor, address, port);
    if (meaningOf(code) === 'taken') return 'taken';
    if (code !== 0) throw errorFor('bind', code, { port });
    if (libc.listen(descriptor, BACKLOG) !== 0) throw errorFor('listen', libc.errno());
    isComplete = true;
    return descriptor;
  } finally {
    if (!isComplete) libc.close(descriptor);
  }
}

function describe(libc: LibC, descriptor: number): HandedSocket {
  return {
    descriptor,
    socketId: readSocket(process.pid, descriptor)?.handle ?? '',
    countWaiting: () => readSocket(process.pid, descriptor)?.waiting ?? 0,
    renew: () => {
      const flags = libc.fcntl(descriptor, F_GETFL, 'uintptr_t', 0);
      libc.fcntl(descriptor, F_SETFL, 'uintptr_t', flags & ~O_NONBLOCK);
      libc.listen(descriptor, BACKLOG);
    },
    close: () => void libc.close(descriptor),
  };
}
