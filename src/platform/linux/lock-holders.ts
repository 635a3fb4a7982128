/** Who has the locks of ports, from /proc. Takes milliseconds, as `findListeners` does. */
import type { Process } from '../port-kernel.ts';
import { lockName } from './lock.ts';
import { readCommand } from './proc.ts';
import { findUser } from './processes.ts';
import { searchSocketOwners } from './socket-search.ts';
import { readUnixTable } from './unix-table.ts';

/**
 * Of a process that cannot be looked into (another user's, or of another process namespace) nothing is known but that it
 * has the lock. Ports that nobody has locked are not in the answer.
 */
export function findLockHolders(ports: readonly number[]): ReadonlyMap<number, Process> {
  const portsByInode = findLockedPorts(ports);
  const owners = searchSocketOwners(portsByInode.keys());
  const processIds = new Set([...owners.values()].map(({ processId }) => processId));
  const holders = new Map([...processIds].map((processId) => [processId, describe(processId)]));
  return new Map(
    [...portsByInode].map(([inode, port]) => {
      const owner = owners.get(inode);
      return [port, (owner && holders.get(owner.processId)) ?? {}];
    }),
  );
}

function describe(processId: number): Process {
  return { processId, command: readCommand(processId), userId: findUser(processId) };
}

/** By the inode of the lock. */
function findLockedPorts(ports: readonly number[]): ReadonlyMap<string, number> {
  const portsByName = new Map(ports.map((port) => [lockName(port), port]));
  return new Map(
    readUnixTable()?.flatMap(({ name, inode }) => {
      const port = portsByName.get(name);
      return port === undefined ? [] : [[inode, port] as const];
    }),
  );
}
