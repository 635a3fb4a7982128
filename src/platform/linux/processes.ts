/** What /proc tells of a process. */
import { fileSystem } from '../file-system.ts';

const MAX_DEPTH = 64;
/** The kernel's flag of a process that was forked and has not executed a program since. */
const PF_FORKNOEXEC = 0x40;

/** The process itself first; ends where /proc does. */
export function findAncestors(processId: number): number[] {
  const chain: number[] = [];
  for (let current = processId; current > 1 && chain.length < MAX_DEPTH; current = readParent(current))
    chain.push(current);
  return chain;
}

/** A child of such a process has copies of all its descriptors until it executes its program, and only then closes them. */
export function hasChildBeforeExec(processId: number): boolean {
  waitForFork(processId);
  return listProcesses().some((child) => {
    const [state, parent, , , , , flags] = readStatus(child);
    return Number(parent) === processId && state !== 'Z' && (Number(flags) & PF_FORKNOEXEC) !== 0;
  });
}

/**
 * While a fork copies the process's page tables, the child has the descriptors and is in no list yet. To read the command
 * line, which is in the process's memory, the kernel waits for the end of that.
 */
function waitForFork(processId: number): void {
  try {
    fileSystem().readFileSync(`/proc/${processId}/cmdline`);
  } catch {
    // Gone, or no /proc: nothing to wait for.
  }
}

function listProcesses(): number[] {
  try {
    return fileSystem().readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** 0 if unknown. */
function readParent(processId: number): number {
  return Number(readStatus(processId)[1] ?? 0);
}

/** From the state on. The command, in parentheses, may hold anything, so fields count from the last parenthesis. */
function readStatus(processId: number): string[] {
  try {
    const text = fileSystem().readFileSync(`/proc/${processId}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

export function findUser(processId: number): number | undefined {
  return fileSystem().statSync(`/proc/${processId}`, { throwIfNoEntry: false })?.uid;
}
