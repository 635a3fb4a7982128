/**
 * The lock of a port: a TCP socket, bound to the link-local address of the loopback interface and never listening. Nobody serves
 * there, so that servers of every kind listen beside it; the kernel gives the address to one socket of the machine, of whatever
 * user, and takes it back with the process. The address is a protocol that never changes: versions exclude each other.
 */
import { ipv6Address } from '../internet-address.ts';
import type { InternetAddress } from '../port-kernel.ts';
import { SO_REUSEADDR, SO_REUSESHAREUID, SOL_SOCKET } from './constants.ts';
import { ENXIO, errorFor, meaningOf } from './errno.ts';
import type { LibC } from './libc.ts';
import { lockInFile } from './lock-file.ts';
import { bindInternet, openInternetSocket, setOption } from './sockets.ts';
import { Mark } from './thread-descriptors.ts';

const LOCK_ADDRESS = ipv6Address([0xfe, 0x80], [1]);
const DENIED = 'A sandbox forbids to bind the address fe80::1%lo0: allow it, portslice locks ports with it';

/**
 * A machine without that address, which lacks it for all of its processes, has a file instead.
 * @returns the lock's descriptor, or undefined if someone else has it
 * @throws ResourceLimitError, PermissionError, SystemCallError
 */
export function takeLock(libc: LibC, port: number): number | undefined {
  // SYNC: it would lack the address for this process alone, and a lock in the file keeps out none of those that have it.
  if (libc.loopbackScopeId === 0) throw errorFor('if_nametoindex(lo0)', ENXIO);
  const descriptor = openInternetSocket(libc, LOCK_ADDRESS, Mark.lock);
  if (descriptor === undefined) return lockInFile(libc, port);
  let code = 0;
  let bound = false;
  try {
    setOption(libc, descriptor, SOL_SOCKET, SO_REUSEADDR);
    // Without it, servers of other users would be refused.
    setOption(libc, descriptor, SOL_SOCKET, SO_REUSESHAREUID);
    code = bindInternet(libc, descriptor, lockAddress(libc), port);
    bound = code === 0;
  } finally {
    if (!bound) libc.close(descriptor);
  }
  if (bound) return descriptor;
  switch (meaningOf(code)) {
    case 'taken':
      return undefined;
    case 'address-not-local':
      return lockInFile(libc, port);
    default:
      throw errorFor('bind([fe80::1%lo0])', code, { port, denied: DENIED });
  }
}

function lockAddress({ loopbackScopeId }: LibC): InternetAddress {
  return { ...LOCK_ADDRESS, scopeId: loopbackScopeId };
}

/** Whether the bytes are those of the lock's address. In the kernel's own tables the scope is in the second pair of them. */
export function isLockAddress(bytes: Uint8Array): boolean {
  return (
    bytes.length === 16 && LOCK_ADDRESS.bytes.every((byte, at) => byte === bytes[at] || at === 2 || at === 3)
  );
}
