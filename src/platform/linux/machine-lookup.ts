/** Everything of portslice's in this network namespace, from the kernel's tables of sockets. */
import { isPortRange } from '../../core/port-range.ts';
import type { AnnouncedMemory, LockedPort, MachineLookup, MachineReading } from '../machine-lookup.ts';
import type { ListeningSocket, Process, ServedPort } from '../port-kernel.ts';
import { libc } from './libc.ts';
import { readListeningSockets } from './listeners.ts';
import { readNamedSockets } from './named-sockets.ts';
import { describeProcess, findProcessOfThread, findUserName } from './process-description.ts';
import { findUser } from './processes.ts';
import { dumpListeningSockets } from './socket-diagnosis.ts';
import { findSocketOwners } from './socket-owners.ts';
import type { NamedSocket } from './unix-diagnosis.ts';

export const system: MachineLookup = { readMachine, describeProcess, findProcessOfThread, findUserName };

const LOCK = /^portslice\/([1-9]\d{0,4})$/;
const BEACON = /^portslice\/pool\/([1-9]\d{0,9})\/(\d{1,9})$/;
const SERVED =
  /^portslice\/name\/([0-9a-f]{16})\/([a-z][a-z0-9_]{0,31})\/([1-9]\d{0,4})\/([1-9]\d{0,9})\/(ready|starting)$/;

type Owners = ReadonlyMap<string, number>;

function readMachine(): MachineReading | undefined {
  const sockets = readNamedSockets()?.filter(({ name }) =>
    [LOCK, BEACON, SERVED].some((kind) => kind.test(name)),
  );
  if (sockets === undefined) return undefined;
  const lockedPorts = new Set(sockets.flatMap(({ name }) => LOCK.exec(name)?.[1] ?? []).map(Number));
  const listening = (dumpListeningSockets(libc()) ?? readListeningSockets() ?? []).filter(({ port }) =>
    lockedPorts.has(port),
  );
  const owners = findSocketOwners([
    ...sockets.map(({ inode }) => ({ inode, recheck: false })),
    // Servers can be handed theirs.
    ...listening.map(({ socketId }) => ({ inode: socketId, recheck: true })),
  ]);
  return {
    memories: sockets.flatMap((socket) => describeMemory(socket, owners)),
    locks: sockets.flatMap((socket) => describeLock(socket, owners)),
    showsAllLocks: true,
    servedPorts: sockets.flatMap((socket) => describeServed(socket, owners)),
    listeners: listening.map((socket) => ({ port: socket.port, listener: describeListener(socket, owners) })),
  };
}

/**
 * In another process namespace its creator has another number than for us, so the one that has the beacon is taken. Where
 * that one cannot be looked into, the name's number is believed if it is a process of the same user.
 */
function describeMemory({ name, inode, userId }: NamedSocket, owners: Owners): AnnouncedMemory[] {
  const [, named, descriptor] = BEACON.exec(name) ?? [];
  if (named === undefined) return [];
  const owner = owners.get(inode);
  const isBelieved = userId !== undefined && findUser(Number(named)) === userId;
  const processId = owner ?? (isBelieved ? Number(named) : undefined);
  return [{ locator: `memfd:${processId ?? named}:${descriptor}`, holder: { processId, userId } }];
}

function describeLock({ name, inode, userId }: NamedSocket, owners: Owners): LockedPort[] {
  const port = Number(LOCK.exec(name)?.[1]);
  if (!isPortRange(port, port)) return [];
  return [{ port, lockId: inode, holder: { processId: owners.get(inode), userId } }];
}

/** Anybody may bind such a name: it is believed where the process has that very socket. */
function describeServed({ name, inode }: NamedSocket, owners: Owners): ServedPort[] {
  const [, folder, canonicalName, port, named, state] = SERVED.exec(name) ?? [];
  const owner = owners.get(inode);
  if (folder === undefined || canonicalName === undefined || owner === undefined) return [];
  if (owner !== Number(named) && describeProcess(owner)?.innerProcessId !== Number(named)) return [];
  return [{ folder, name: canonicalName, port: Number(port), processId: owner, isReady: state === 'ready' }];
}

function describeListener({ socketId, userId }: ListeningSocket, owners: Owners): Process {
  return { processId: owners.get(socketId), userId };
}
