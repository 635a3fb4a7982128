/** What /proc tells of a process: its family, its user, and how it has ended. */
import { readVariable } from '../environment.ts';
import { fileSystem } from '../file-system.ts';
import type { EndedWrapper, ProcessEnd } from '../port-kernel.ts';
import { ancestorsOf, descendantsOf } from '../process-family.ts';
import { listProcesses, readEnvironment, readStatus, readText } from './proc.ts';

/** The kernel's flag of a process that was forked and has not executed a program since. */
const PF_FORKNOEXEC = 0x40;

/** The process itself first; ends where /proc does. */
export function findAncestors(processId: number): number[] {
  return ancestorsOf(processId, findParent);
}

/** 0 if unknown. */
function findParent(processId: number): number {
  return readStatus(processId)?.parentId ?? 0;
}

/** Children first, then theirs, and so on. */
export function findDescendants(processId: number): number[] {
  return descendantsOf(processId, listProcesses(), findParent);
}

/** A child of such a process has copies of all its descriptors until it executes its program, and only then closes them. */
export function hasChildBeforeExec(processIds: ReadonlySet<number>): boolean {
  if (processIds.size === 0) return false;
  processIds.forEach(waitForFork);
  return listProcesses().some((child) => {
    const status = readStatus(child);
    if (status === undefined || !processIds.has(status.parentId) || status.state === 'Z') return false;
    return (status.flags & PF_FORKNOEXEC) !== 0;
  });
}

/** Whether the process was forked and has not executed a program since. */
export function isBeforeExec(processId: number): boolean {
  return ((readStatus(processId)?.flags ?? 0) & PF_FORKNOEXEC) !== 0;
}

/**
 * While a fork copies the process's page tables, the child has the descriptors and is in no list yet. To read the command
 * line, which is in the process's memory, the kernel waits for the end of that.
 */
function waitForFork(processId: number): void {
  readText(`/proc/${processId}/cmdline`);
}

export function findUser(processId: number): number | undefined {
  return fileSystem().statSync(`/proc/${processId}`, { throwIfNoEntry: false })?.uid;
}

/**
 * Known while the parent has not asked for it, and of our own user's processes: of others the kernel shows 0, which would be
 * taken for success.
 */
export function findEnd(processId: number): ProcessEnd | undefined {
  const status = readStatus(processId);
  if (status?.state !== 'Z') return undefined;
  const signalNumber = status.waitStatus & 0x7f;
  if (signalNumber !== 0) return { exitCode: undefined, signal: signalName(signalNumber) };
  const exitCode = (status.waitStatus >> 8) & 0xff;
  const isKnown = exitCode !== 0 || findUser(processId) === process.geteuid?.();
  return isKnown ? { exitCode, signal: undefined } : undefined;
}

function signalName(signalNumber: number): string {
  const { signals } = process.getBuiltinModule('node:os').constants;
  const names = Object.entries(signals).filter(([, number]) => number === signalNumber);
  return names[0]?.[0] ?? `signal ${signalNumber}`;
}

/**
 * The wrapper of an orphan: the process that started it, or one between that and us, which has ended. The kernel gives
 * orphans to process 1 or to a process that has asked for them, which is of another session; a process that is no orphan
 * has the leader of its session among its ancestors. Undefined where it is no orphan, or descends from this process.
 */
export function findEndedWrapper(processId: number): EndedWrapper | undefined {
  const ancestors = findAncestors(processId);
  const sessionId = readStatus(processId)?.sessionId;
  if (sessionId === undefined || ancestors.includes(process.pid)) return undefined;
  const kin = ancestors.filter((ancestor) => readStatus(ancestor)?.sessionId === sessionId);
  return kin.includes(sessionId) ? undefined : { command: findPackageCommand(kin.at(-1) ?? processId) };
}

/** By which package manager a process was started, such as 'npm run dev'; undefined if this process was started by the same. */
function findPackageCommand(processId: number): string | undefined {
  const environment = readEnvironment(processId);
  const script = environment.get('npm_lifecycle_event');
  const isOurs = ['npm_lifecycle_event', 'npm_lifecycle_script'].every(
    (name) => environment.get(name) === readVariable(name),
  );
  if (script === undefined || isOurs) return undefined;
  const [manager = 'npm'] = environment.get('npm_config_user_agent')?.split('/') ?? [];
  return script === 'npx' ? 'npx' : `${manager} run ${script}`;
}
