/**
 * Which process has a socket. Only a pass over the descriptors of all processes tells, so that what was found is kept for those who
 * look again and again. Sockets that processes hand to each other are asked for with `recheck`.
 */
import { listProcesses, listSocketDescriptors, readLink } from './proc.ts';
import { isBeforeExec } from './processes.ts';

interface Owner {
  readonly processId: number;
  readonly descriptor: number;
}

/** Of a process that cannot be looked into, each socket would make all others be looked into again. */
const MAX_FRUITLESS = 3;

const known = new Map<string, Owner>();
const fruitless = new Map<string, number>();

export interface WantedSocket {
  readonly inode: string;
  /** Whether it can have gone to another process since. */
  readonly recheck: boolean;
}

/** By inode. The first process that is found with it; missing: none that can be looked into. */
export function findSocketOwners(wanted: readonly WantedSocket[]): ReadonlyMap<string, number> {
  forgetOthers(new Set(wanted.map(({ inode }) => inode)));
  for (const { inode, recheck } of wanted) if (recheck && !hasStill(inode)) known.delete(inode);
  const unknown = new Set(wanted.map(({ inode }) => inode).filter(isWorthASearch));
  if (unknown.size > 0) search(unknown);
  for (const inode of unknown) fruitless.set(inode, (fruitless.get(inode) ?? 0) + 1);
  return new Map([...known].map(([inode, { processId }]) => [inode, processId]));
}

function forgetOthers(wanted: ReadonlySet<string>): void {
  for (const inodes of [known, fruitless])
    for (const inode of inodes.keys()) if (!wanted.has(inode)) inodes.delete(inode);
}

function hasStill(inode: string): boolean {
  const owner = known.get(inode);
  if (owner === undefined) return false;
  return readLink(`/proc/${owner.processId}/fd/${owner.descriptor}`) === `socket:[${inode}]`;
}

function isWorthASearch(inode: string): boolean {
  return !known.has(inode) && (fruitless.get(inode) ?? 0) < MAX_FRUITLESS;
}

/**
 * Takes out of the set what it finds. A child that was just forked has copies of all descriptors until it executes its program:
 * such a one is the owner only if nobody else is. SYNC: its flag is read first. If it has executed a program by then, its copies
 * are gone when they are looked for.
 */
function search(unknown: Set<string>): void {
  const copies: (readonly [inode: string, owner: Owner])[] = [];
  for (const processId of mostLikelyFirst()) {
    const isCopy = isBeforeExec(processId);
    for (const { inode, descriptor } of listSocketDescriptors(processId)) {
      if (!unknown.has(inode)) continue;
      if (isCopy) copies.push([inode, { processId, descriptor }]);
      else if (unknown.delete(inode)) known.set(inode, { processId, descriptor });
    }
    if (unknown.size === 0) return;
  }
  for (const [inode, owner] of copies) if (unknown.delete(inode)) known.set(inode, owner);
}

/** Those that have had sockets before, and then the youngest: on most machines they are the tests. */
function mostLikelyFirst(): Iterable<number> {
  const before = new Set([...known.values()].map(({ processId }) => processId));
  return new Set([...before, ...listProcesses().toSorted((one, other) => other - one)]);
}
