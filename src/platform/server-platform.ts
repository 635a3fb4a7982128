import { libc } from './linux/libc.ts';
import { readListeningSockets } from './linux/listeners.ts';
import { listSockets } from './linux/proc.ts';
/** What servers need of the operating system beyond ports. Loaded with the first server. */
import { dumpListeningSockets } from './linux/socket-diagnosis.ts';
import { ofThisPlatform } from './platform.ts';
import type { ListeningSocket } from './port-kernel.ts';

export interface ServerPlatform {
  /** Every TCP socket that listens; undefined where the OS does not tell. */
  readListeningSockets(): readonly ListeningSocket[] | undefined;
  /** A text for the shell as a command. */
  shellCommand(text: string): readonly string[];
  /** The ids of the sockets that the process has open. None where that cannot be seen. */
  listSockets(processId: number): readonly string[];
}

const LINUX: ServerPlatform = {
  readListeningSockets: () => dumpListeningSockets(libc()) ?? readListeningSockets(),
  shellCommand: (text) => ['/bin/sh', '-c', text],
  listSockets,
};

const UNKNOWN: ServerPlatform = {
  readListeningSockets: () => undefined,
  shellCommand: (text) => [text],
  listSockets: () => [],
};

export const serverPlatform: ServerPlatform = ofThisPlatform({ linux: LINUX }, UNKNOWN);
