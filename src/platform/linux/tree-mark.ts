/**
 * By what the processes of a tree are recognised, wherever they went: a number in their environment and in their limits.
 *
 * redis, nginx and postgres write over their environment. A limit stays whatever a process does: through fork, exec, setsid and a
 * change of user. That of file locks means nothing since Linux 2.4.25, nothing sets it, and anybody may read it in /proc.
 */
import { markVariable, treeMarkFrom, type TreeMark } from '../tree-mark.ts';
import { RLIMIT_LOCKS } from './constants.ts';
import { libc } from './libc.ts';
import { readText } from './proc.ts';
import { randomBytes } from './random.ts';
import { Scratch } from './scratch.ts';

const LIMIT = /^Max file locks +(\d+|unlimited) /m;
const RLIM_INFINITY = 2n ** 64n - 1n;

/** Below RLIM_INFINITY. */
export function newTreeMark(): TreeMark {
  return treeMarkFrom(randomBytes(libc(), 8));
}

/** Whether the process, or one that it descends from, was given the mark. */
export function carriesMark(processId: number, mark: TreeMark): boolean {
  return readLimit(processId) === mark || hasVariable(processId, markVariable(mark));
}

/**
 * Writes the mark into the limits of a process: those that it starts from now on have it, too.
 * @returns false if the system forbids it
 */
export function markProcess(processId: number, mark: TreeMark): boolean {
  if (readLimit(processId) === mark) return true;
  const c = libc();
  c.scratch.writeBigUInt64LE(BigInt(mark), Scratch.structure);
  c.scratch.writeBigUInt64LE(RLIM_INFINITY, Scratch.structure + 8);
  return c.prlimit(processId, RLIMIT_LOCKS, c.scratchPointer + Scratch.structure, null) === 0;
}

/** As `markProcess`, but what a test runner in the tree has started keeps the mark of its own tree. */
export function markUnlessMarked(processId: number, mark: TreeMark): void {
  if (readLimit(processId) === 'unlimited') markProcess(processId, mark);
}

function readLimit(processId: number): string | undefined {
  return LIMIT.exec(readText(`/proc/${processId}/limits`) ?? '')?.[1];
}

function hasVariable(processId: number, name: string): boolean {
  const environment = readText(`/proc/${processId}/environ`) ?? '';
  return environment.startsWith(`${name}=`) || environment.includes(`\0${name}=`);
}
