/** What servers need of the operating system beyond ports. Loaded with the first server. */
import type { SpawnOptions } from 'node:child_process';
import { UnsupportedPlatformError } from '../errors/index.ts';
import type { HandedSocket } from './handed-socket.ts';
import { system as linux } from './linux/server-platform.ts';
import { loadLater } from './load-system.ts';
import { ofThisPlatform } from './platform.ts';
import type { ListeningSocket, SocketAddressFamily } from './port-kernel.ts';
import type { ProcessTree } from './process-tree.ts';

export interface ServerPlatform {
  /**
   * @param handsOver whether the server is handed a socket that listens
   * @throws UnsupportedPlatformError where servers cannot be started so, and ended with all of their processes
   */
  checkSupport(handsOver: boolean): void;
  /** For a process that is about to be started. @throws UnsupportedPlatformError */
  openProcessTree(): ProcessTree;
  /** Every TCP socket that listens; undefined where the OS does not tell. */
  readListeningSockets(): readonly ListeningSocket[] | undefined;
  /** A text for the shell as a command. */
  shellCommand(text: string): readonly string[];
  /** How Node starts a command: in the foreground of the terminal, or so that its Ctrl-C does not reach it. */
  spawnOptions(command: readonly string[], place: 'foreground' | 'background'): SpawnOptions;
  /** When the process was started, in a unit of the OS's own; undefined: it is gone, or cannot be seen. */
  findStart(processId: number): number | undefined;
  /** Does nothing if another process has the number by now. */
  signalProcess(processId: number, start: number, signal: NodeJS.Signals): void;
  /**
   * A socket that listens beside the port's hold. @param host '' is every address of the family
   * @returns undefined if somebody listens there. @throws HostError, UnsupportedPlatformError
   */
  openHandedSocket(port: number, host: string, family: SocketAddressFamily): HandedSocket | undefined;
  /** The ids of the sockets that the process has open. None where that cannot be seen. */
  listSockets(processId: number): readonly string[];
  /** False where the OS forbids it: then `listSockets` says nothing. */
  canListSockets(processId: number): boolean;
}

const unsupported = (name: NodeJS.Platform): ServerPlatform => ({
  checkSupport: () => {
    throw new UnsupportedPlatformError({ platform: name, capability: 'Starting servers' });
  },
  openProcessTree: () => {
    throw new UnsupportedPlatformError({ platform: name, capability: 'Starting servers' });
  },
  readListeningSockets: () => undefined,
  shellCommand: (text) => [text],
  spawnOptions: () => ({}),
  findStart: () => undefined,
  signalProcess: () => {},
  openHandedSocket: () => {
    throw new UnsupportedPlatformError({ platform: name, capability: "listen: 'inherit'" });
  },
  listSockets: () => [],
  canListSockets: () => false,
});

export const serverPlatform: ServerPlatform = ofThisPlatform(
  {
    linux,
    darwin: loadLater('darwin/server-platform', unsupported('darwin')),
    win32: loadLater('windows/server-platform', unsupported('win32')),
  },
  unsupported,
);
