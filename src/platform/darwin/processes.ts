/** The family and the user of a process. */
import type { EndedWrapper, ProcessEnd } from '../port-kernel.ts';
import { ancestorsOf, descendantsOf } from '../process-family.ts';
import { listProcesses, readProcessInfo } from './proc.ts';

/** The process itself first. */
export function findAncestors(processId: number): number[] {
  return ancestorsOf(processId, findParent);
}

/** 0 if unknown. */
function findParent(processId: number): number {
  return readProcessInfo(processId)?.parentId ?? 0;
}

/** Children first, then theirs, and so on. */
export function findDescendants(processId: number): number[] {
  return descendantsOf(processId, listProcesses(), findParent);
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
