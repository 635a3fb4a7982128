/** Everything of portslice's on this machine that macOS shows to this user. Loaded by load-system.ts. */
import type { MachineLookup, MachineReading, ProcessDescription } from '../machine-lookup.ts';
import type { Process } from '../port-kernel.ts';
import { libc } from './libc.ts';
import { readSockets } from './listeners.ts';
import { isRunning } from './liveness.ts';
import { identifyLockFile } from './lock-file.ts';
import { isLockAddress } from './lock.ts';
import { findMemories } from './memory.ts';
import { readCommand, readFolder, readProcessInfo, readStartMs } from './proc.ts';
import { findAllServedPorts } from './served-ports.ts';
import type { InternetSocket } from './socket-table.ts';
import { processOf } from './thread-number.ts';

export const system: MachineLookup = {
  readMachine,
  describeProcess,
  findProcessOfThread: (threadId) => {
    const processId = processOf(threadId);
    return isRunning(processId) ? processId : undefined;
  },
  findUserName: (userId) => libc().user_from_uid(userId, 1) ?? undefined,
};

/** The locks of all users are in the table of sockets; pools are found by their own user alone. */
function readMachine(): MachineReading {
  const sockets = readSockets();
  const locks = sockets?.filter(({ address }) => isLockAddress(address)) ?? [];
  const ports = new Set(locks.map(({ port }) => port));
  const listening = sockets?.filter(({ state, port }) => state === 'listening' && ports.has(port)) ?? [];
  return {
    memories: findMemories(libc()).map((locator) => ({ locator, holder: {} })),
    locks: locks.map((lock) => ({ port: lock.port, lockId: lock.handle, holder: holderOf(lock) })),
    // Who has a lock in the file is not told.
    showsAllLocks: sockets !== undefined && identifyLockFile() === undefined,
    servedPorts: findAllServedPorts(),
    listeners: listening.map((socket) => ({ port: socket.port, listener: holderOf(socket) })),
  };
}

function holderOf({ processId, userId }: InternetSocket): Process {
  return { processId, userId };
}

function describeProcess(processId: number): ProcessDescription | undefined {
  const info = readProcessInfo(processId);
  if (info === undefined) return undefined;
  return {
    processId,
    innerProcessId: undefined,
    command: readCommand(processId),
    folder: readFolder(processId),
    userId: info.userId,
    startedAtMs: readStartMs(processId),
  };
}
