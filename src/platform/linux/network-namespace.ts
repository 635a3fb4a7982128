/** A name for the network namespace of this thread, the same in all processes inside it. */
import { fileSystem } from '../file-system.ts';
import { SO_NETNS_COOKIE, SOL_SOCKET } from './constants.ts';
import type { LibC } from './libc.ts';
import { Scratch } from './scratch.ts';
import { openUnixSocket } from './sockets.ts';

/** The cookie (Linux 5.12) is never used again, inode numbers of namespaces are. */
export function networkNamespace(libc: LibC): string {
  const descriptor = openUnixSocket(libc);
  try {
    libc.scratch.writeUInt32LE(8, Scratch.length);
    const { scratchPointer } = libc;
    const result = libc.getsockopt(
      descriptor,
      SOL_SOCKET,
      SO_NETNS_COOKIE,
      scratchPointer + Scratch.value,
      scratchPointer + Scratch.length,
    );
    if (result === 0) return `cookie:${libc.scratch.readBigUInt64LE(Scratch.value)}`;
  } finally {
    libc.close(descriptor);
  }
  return inodeName();
}

function inodeName(): string {
  try {
    const { dev, ino } = fileSystem().statSync('/proc/thread-self/ns/net');
    return `inode:${dev}:${ino}`;
  } catch {
    // Neither cookie nor /proc: the lock still works, only a handle from elsewhere is not recognised.
    return 'unknown';
  }
}
