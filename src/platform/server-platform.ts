import { libc } from './linux/libc.ts';
import { readListeningSockets } from './linux/listeners.ts';
import { listSockets, readStatus } from './linux/proc.ts';
import { sendSignal } from './linux/send-signal.ts';
/** What servers need of the operating system beyond ports. Loaded with the first server. */
import { dumpListeningSockets } from './linux/socket-diagnosis.ts';
import { ofThisPlatform } from './platform.ts';
import type { ListeningSocket } from './port-kernel.ts';

export interface ServerPlatform {
  /** Every TCP socket that listens; undefined where the OS does not tell. */
  readListeningSockets(): readonly ListeningSocket[] | undefined;
  /** A text for the shell as a command. */
  shellCommand(text: string): readonly string[];
  /** When the process was started, in a unit of the OS's own; undefined: it is gone, or cannot be seen. */
  findStart(processId: number): number | undefined;
  /** Does nothing if another process has the number by now. */
  signalProcess(processId: number, start: number, signal: NodeJS.Signals): void;
  /** The ids of the sockets that the process has open. None where that cannot be seen. */
  listSockets(processId: number): readonly string[];
}

const LINUX: ServerPlatform = {
  readListeningSockets: () => dumpListeningSockets(libc()) ?? readListeningSockets(),
  shellCommand: (text) => ['/bin/sh', '-c', text],
  findStart: (processId) => readStatus(processId)?.startTicks,
  signalProcess: sendSignal,
  listSockets,
};

const UNKNOWN: ServerPlatform = {
  readListeningSockets: () => undefined,
  shellCommand: (text) => [text],
  findStart: () => undefined,
  signalProcess: () => {},
  listSockets: () => [],
};

export const serverPlatform: ServerPlatform = ofThisPlatform({ linux: LINUX }, UNKNOWN);
