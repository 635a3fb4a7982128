/** Everything of portslice's in this network namespace, from the kernel's tables of sockets. */
import type { AnnouncedMemory, LockedPort, MachineLookup, MachineReading } from '../machine-lookup.ts';
import type { ListeningSocket, Process, ServedPort } from '../port-kernel.ts';
import { libc } from './libc.ts';
import { readListeningSockets } from './listeners.ts';
import { parseLockName } from './lock.ts';
import { locatorOf, parseBeacon } from './memory.ts';
import { readNamedSockets } from './named-sockets.ts';
import { describeProcess, findProcessOfThread, findUserName } from './process-description.ts';
import { findUser } from './processes.ts';
import { parseServedName } from './served-ports.ts';
import { dumpListeningSockets } from './socket-diagnosis.ts';
import { findSocketOwners } from './socket-owners.ts';
import type { NamedSocket } from './unix-diagnosis.ts';

export const system: MachineLookup = { readMachine, describeProcess, findProcessOfThread, findUserName };

type Owners = ReadonlyMap<string, number>;

function readMachine(): MachineReading | undefined {
  const sockets = readNamedSockets()?.filter(({ name }) =>
    [parseLockName, parseBeacon, parseServedName].some((parse) => parse(name) !== undefined),
  );
  if (sockets === undefined) return undefined;
  const lockedPorts = new Set(sockets.map(({ name }) => parseLockName(name)));
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
  const beacon = parseBeacon(name);
  if (beacon === undefined) return [];
  const named = beacon.processId;
  const isBelieved = userId !== undefined && findUser(named) === userId;
  const processId = owners.get(inode) ?? (isBelieved ? named : undefined);
  return [{ locator: locatorOf(processId ?? named, beacon.descriptor), holder: { processId, userId } }];
}

function describeLock({ name, inode, userId }: NamedSocket, owners: Owners): LockedPort[] {
  const port = parseLockName(name);
  return port === undefined
    ? []
    : [{ port, lockId: inode, holder: { processId: owners.get(inode), userId } }];
}

/** Anybody may bind such a name: it is believed where the process has that very socket. */
function describeServed({ name, inode }: NamedSocket, owners: Owners): ServedPort[] {
  const served = parseServedName(name);
  const owner = owners.get(inode);
  if (served === undefined || owner === undefined) return [];
  const isProved = owner === served.processId || describeProcess(owner)?.innerProcessId === served.processId;
  return isProved ? [{ ...served, processId: owner }] : [];
}

function describeListener({ socketId, userId }: ListeningSocket, owners: Owners): Process {
  return { processId: owners.get(socketId), userId };
}
