/** What servers need of macOS. Loaded by load-system.ts. */
import type { ServerPlatform } from '../server-platform.ts';
import { canListSockets, listSockets } from './descriptors.ts';
import { openHandedSocket } from './handed-socket.ts';
import { libc } from './libc.ts';
import { readListeningSockets } from './listeners.ts';
import { findStart } from './process-table.ts';
import { openProcessTree } from './process-tree.ts';
import { sendSignal } from './send-signal.ts';

export const system: ServerPlatform = {
  checkSupport: () => {},
  openProcessTree,
  readListeningSockets,
  shellCommand: (text) => ['/bin/sh', '-c', text],
  // With a session of its own.
  spawnOptions: (_command, place) => ({ detached: place === 'background' }),
  findStart,
  signalProcess: sendSignal,
  openHandedSocket: (port, host, family) => openHandedSocket(libc(), port, host, family),
  listSockets,
  canListSockets,
};
