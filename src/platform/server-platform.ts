/** What servers need of the operating system beyond ports. Loaded with the first server. */
import { UnsupportedPlatformError } from '../errors/index.ts';
import { dumpListeningSockets } from './linux/socket-diagnosis.ts';
import { libc } from './linux/libc.ts';
import { readListeningSockets } from './linux/listeners.ts';
import { listSockets } from './linux/proc.ts';
import { openProcessGroup } from './linux/process-group.ts';
import { ofThisPlatform } from './platform.ts';
import type { ListeningSocket } from './port-kernel.ts';
import type { ProcessTree } from './process-tree.ts';

export interface ServerPlatform {
  openProcessTree(): ProcessTree;
  /** Every TCP socket that listens; undefined where the OS does not tell. */
  readListeningSockets(): readonly ListeningSocket[] | undefined;
  /** The ids of the sockets that the process has open. None where that cannot be seen. */
  listSockets(processId: number): readonly string[];
}

const LINUX: ServerPlatform = {
  openProcessTree: openProcessGroup,
  readListeningSockets: () => dumpListeningSockets(libc()) ?? readListeningSockets(),
  listSockets,
};

const UNKNOWN: ServerPlatform = {
  openProcessTree: () => {
    throw new UnsupportedPlatformError({ platform: 'this one', capability: 'The start of servers' });
  },
  readListeningSockets: () => undefined,
  listSockets: () => [],
};

export const serverPlatform: ServerPlatform = ofThisPlatform({ linux: LINUX }, UNKNOWN);
