/** The family and the user of a process. */
import type { EndedWrapper, ProcessEnd } from '../port-kernel.ts';
import { listProcesses, readProcessInfo } from './proc.ts';

const MAX_DEPTH = 64;

/** The process itself first. */
export function findAncestors(processId: number): number[] {
  const chain: number[] = [];
  for (let current = processId; current > 1 && chain.length < MAX_DEPTH; current = findParent(current))
    chain.push(current);
  return chain;
}

/** 0 if unknown. */
function findParent(processId: number): number {
  return readProcessInfo(processId)?.parentId ?? 0;
}

/** Children first, then theirs, and so on. */
export function findDescendants(processId: number): number[] {
  const parents = new Map(listProcesses().map((child) => [child, findParent(child)]));
  const family = [processId];
  // The list grows while it is read: with every process that is found come its children.
  for (const member of family)
    for (const [child, parent] of parents)
      if (parent === member && !family.includes(child)) family.push(child);
  return family.slice(1);
}

export function findUser(processId: number): number | undefined {
  return readProcessInfo(processId)?.userId;
}

/** The processes that Node starts on macOS never have more of ours than they were given. */
export function hasChildBeforeExec(): boolean {
  return false;
}

/** Only the parent is told. */
export function findEnd(): ProcessEnd | undefined {
  return undefined;
}

/** Of an orphan the system does not tell which session it had, nor its environment if it is not ours. */
export function findEndedWrapper(): EndedWrapper | undefined {
  return undefined;
}
