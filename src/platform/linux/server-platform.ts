/** What servers need of Linux. */
import type { ServerPlatform } from '../server-platform.ts';
import { openHandedSocket } from './handed-socket.ts';
import { libc } from './libc.ts';
import { readListeningSockets } from './listeners.ts';
import { canListSockets, listSockets, readStatus } from './proc.ts';
import { openProcessTree } from './process-tree.ts';
import { sendSignal } from './send-signal.ts';
import { dumpListeningSockets } from './socket-diagnosis.ts';

export const system: ServerPlatform = {
  checkSupport: () => {},
  openProcessTree,
  readListeningSockets: () => dumpListeningSockets(libc()) ?? readListeningSockets(),
  shellCommand: (text) => ['/bin/sh', '-c', text],
  // With a session of its own.
  spawnOptions: (_command, place) => ({ detached: place === 'background' }),
  findStart: (processId) => readStatus(processId)?.start,
  signalProcess: sendSignal,
  openHandedSocket: (port, host, family) => openHandedSocket(libc(), port, host, family),
  listSockets,
  canListSockets,
};
