/**
 * Which process has a socket, kept for those who look again and again. Sockets that processes hand to each other are asked for with
 * `recheck`.
 */
import { readLink } from './proc.ts';
import { searchSocketOwners, type SocketOwner } from './socket-search.ts';

/** Of a process that cannot be looked into, each socket would make all others be looked into again. */
const MAX_FRUITLESS = 3;

const known = new Map<string, SocketOwner>();
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
  // Those that have had sockets before are likely to have the new ones.
  const found = searchSocketOwners(unknown, new Set([...known.values()].map(({ processId }) => processId)));
  for (const inode of unknown) {
    const owner = found.get(inode);
    if (owner === undefined) fruitless.set(inode, (fruitless.get(inode) ?? 0) + 1);
    else known.set(inode, owner);
  }
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
