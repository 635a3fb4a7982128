/** Which process has a socket. Only a pass over the descriptors of all processes tells. */
import { listProcesses, listSocketDescriptors } from './proc.ts';
import { isBeforeExec } from './processes.ts';

export interface SocketOwner {
  readonly processId: number;
  readonly descriptor: number;
}

/**
 * By inode: the first process that is found with it; missing: none that can be looked into. A child that was just forked has
 * copies of all descriptors until it executes its program: such a one is the owner only if nobody else is. SYNC: its flag is read
 * first. If it has executed a program by then, its copies are gone when they are looked for.
 * @param likely processes that are looked into first
 */
export function searchSocketOwners(
  inodes: Iterable<string>,
  likely: Iterable<number> = [],
): Map<string, SocketOwner> {
  const unknown = new Set(inodes);
  const owners = new Map<string, SocketOwner>();
  const copies: (readonly [inode: string, owner: SocketOwner])[] = [];
  if (unknown.size === 0) return owners;
  // The youngest first: on most machines they are the tests.
  for (const processId of new Set([...likely, ...listProcesses().toSorted((one, other) => other - one)])) {
    const isCopy = isBeforeExec(processId);
    for (const { inode, descriptor } of listSocketDescriptors(processId)) {
      if (!unknown.has(inode)) continue;
      if (isCopy) copies.push([inode, { processId, descriptor }]);
      else if (unknown.delete(inode)) owners.set(inode, { processId, descriptor });
    }
    if (unknown.size === 0) return owners;
  }
  for (const [inode, owner] of copies) if (unknown.delete(inode)) owners.set(inode, owner);
  return owners;
}
