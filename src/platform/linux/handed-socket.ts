/**
 * A listening socket that is handed to a server. It is a second one, on the port's hold, which stays as it is. Were the hold itself
 * handed over, the probe at the release of the port would be blind, and after the server's end clients would hang.
 */
import { errnoOf, errorFor, meaningOf } from '../errno.ts';
import { fileSystem } from '../file-system.ts';
import type { HandedSocket } from '../handed-socket.ts';
import { holdTargetFor } from '../hold-target.ts';
import { DUAL_WILDCARD } from '../internet-address.ts';
import type { SocketAddressFamily } from '../port-kernel.ts';
import { bindOne, type BindMode } from './bound-addresses.ts';
import { F_GETFL, F_SETFL, IPPROTO_TCP, O_NONBLOCK, TCP_INFO } from './constants.ts';
import type { LibC } from './libc.ts';
import { localAddresses } from './local-addresses.ts';
import { Scratch } from './scratch.ts';

/** As Node's default. The kernel may allow less. */
const BACKLOG = 511;
/** Without SO_REUSEPORT: as long as it listens, nobody else can. */
const BESIDE_HOLD: BindMode = { reuseAddress: true };
// struct tcp_info.
const INFO_BYTES = 32;
/** Of a socket that listens: how many connections wait to be accepted. */
const UNACKED = 24;

/** @returns undefined if somebody listens there. @throws HostError */
export function openHandedSocket(
  libc: LibC,
  port: number,
  host: string,
  family: SocketAddressFamily,
): HandedSocket | undefined {
  const { addresses } = holdTargetFor(localAddresses(libc), [host], family);
  const [address = DUAL_WILDCARD] = addresses === 'everywhere' ? [] : addresses;
  const descriptor = bindOne(libc, port, address, BESIDE_HOLD);
  if (descriptor === undefined) return undefined;
  const code = listen(libc, descriptor);
  if (code === 0) return describe(libc, descriptor);
  libc.close(descriptor);
  if (meaningOf(code) === 'taken') return undefined;
  throw errorFor('listen', code);
}

function listen(libc: LibC, descriptor: number): number {
  return errnoOf(() => libc.listen(descriptor, BACKLOG), libc.errno);
}

function describe(libc: LibC, descriptor: number): HandedSocket {
  return {
    descriptor,
    socketId: String(fileSystem().fstatSync(descriptor).ino),
    countWaiting: () => countWaiting(libc, descriptor),
    renew: () => {
      const flags = libc.fcntl(descriptor, F_GETFL, 0);
      libc.fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK);
      listen(libc, descriptor);
    },
    close: () => void libc.close(descriptor),
  };
}

function countWaiting({ getsockopt, scratch, scratchPointer, errno }: LibC, descriptor: number): number {
  scratch.writeUInt32LE(INFO_BYTES, Scratch.length);
  const [info, length] = [scratchPointer + Scratch.structure, scratchPointer + Scratch.length];
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, info, length) !== 0)
    throw errorFor('getsockopt(TCP_INFO)', errno());
  return scratch.readUInt32LE(Scratch.structure + UNACKED);
}
