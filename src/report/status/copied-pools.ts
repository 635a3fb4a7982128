/** Copies of the segments of all live pools, and why others cannot be copied. */
import { copyTables, findSegmentProblem } from '../../core/segment-format.ts';
import { Segment } from '../../core/segment.ts';
import { PoolStaleError, PortsliceError } from '../../errors/index.ts';
import type { AnnouncedMemory } from '../../platform/machine-lookup.ts';
import { platform } from '../../platform/platform.ts';
import type { Process } from '../../platform/port-kernel.ts';

export interface CopiedPool {
  readonly memory: AnnouncedMemory;
  /** The process that has made it. */
  readonly creator: Process;
  /** Undefined: it cannot be read. */
  readonly segment: Segment | undefined;
  /** Of one that cannot be read. */
  readonly problem: string | undefined;
  /** Ended, or a name that somebody squats on. */
  readonly isStale: boolean;
}

/** Each pool once, also if a name stands for another one's memory. */
export function copyPools(memories: readonly AnnouncedMemory[]): CopiedPool[] {
  const seen = new Set<string>();
  return memories.map(copyPool).filter(({ segment }) => {
    if (segment === undefined) return true;
    const isNew = !seen.has(segment.runId);
    seen.add(segment.runId);
    return isNew;
  });
}

function copyPool(memory: AnnouncedMemory): CopiedPool {
  try {
    const buffer = platform.openKernel().copyMemory(memory.locator);
    const tables = copyTables(buffer);
    const problem = findSegmentProblem(buffer, tables);
    const segment = problem === undefined ? new Segment(buffer, tables) : undefined;
    return { memory, creator: creatorOf(memory, segment), segment, problem, isStale: false };
  } catch (error) {
    if (!(error instanceof PortsliceError)) throw error;
    const problem = PROBLEMS[error.code] ?? error.message;
    const isStale = error instanceof PoolStaleError;
    return { memory, creator: memory.holder, segment: undefined, problem, isStale };
  }
}

/** Where the system does not tell who has announced the memory, the pool itself does. */
function creatorOf({ holder }: AnnouncedMemory, segment: Segment | undefined): Process {
  return { ...holder, processId: holder.processId ?? segment?.creatorProcessId };
}

/** For people who have no handle of it. Words that can follow a colon. */
const PROBLEMS: Readonly<Partial<Record<PortsliceError['code'], string>>> = {
  PORTSLICE_POOL_FOREIGN: 'it belongs to another user, or is protected',
  PORTSLICE_POOL_STALE: 'its memory cannot be found from here',
  PORTSLICE_POOL_DAMAGED: 'its memory is damaged',
};
