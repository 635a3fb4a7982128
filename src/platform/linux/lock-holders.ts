/** Who has the locks of ports, from /proc. Takes milliseconds, as `findListeners` does. */
import type { Process } from '../port-kernel.ts';
import { lockName } from './lock.ts';
import { listProcesses, listSockets, readCommand } from './proc.ts';
import { findUser } from './processes.ts';
import { readUnixTable } from './unix-table.ts';

/**
 * Of a process that cannot be looked into (another user's, or of another process namespace) nothing is known but that it
 * has the lock. Ports that nobody has locked are not in the answer.
 */
export function findLockHolders(ports: readonly number[]): ReadonlyMap<number, Process> {
  const portsByInode = findLockedPorts(ports);
  const holders = new Map<number, Process>([...portsByInode.values()].map((port) => [port, {}]));
  if (holders.size === 0) return holders;
  const unknown = new Set(portsByInode.keys());
  // The youngest processes first: on most machines they are the tests.
  for (const processId of listProcesses().toSorted((a, b) => b - a)) {
    if (unknown.size === 0) break;
    const locks = listSockets(processId).filter((inode) => portsByInode.has(inode));
    if (locks.length === 0) continue;
    const holder = { processId, command: readCommand(processId), userId: findUser(processId) };
    for (const inode of locks) {
      unknown.delete(inode);
      holders.set(portsByInode.get(inode) as number, holder);
    }
  }
  return holders;
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
