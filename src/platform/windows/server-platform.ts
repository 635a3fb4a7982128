/** What servers need of Windows. Loaded by load-system.ts. */
import { UnsupportedPlatformError } from '../../errors/index.ts';
import type { ServerPlatform } from '../server-platform.ts';
import { canListSockets, listSockets, readListeningSockets } from './listening-sockets.ts';
import { openProcessTree } from './process-tree.ts';
import { findStart } from './processes.ts';
import { sendSignal } from './send-signal.ts';
import { shellCommand, spawnOptions } from './shell.ts';

export const system: Partial<ServerPlatform> = {
  checkSupport: (handsOver) => {
    if (handsOver) throw new UnsupportedPlatformError({ platform: 'win32', capability: "listen: 'inherit'" });
  },
  openProcessTree,
  readListeningSockets,
  shellCommand,
  spawnOptions,
  findStart,
  signalProcess: sendSignal,
  listSockets,
  canListSockets,
};
