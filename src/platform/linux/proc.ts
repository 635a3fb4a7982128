/** Reads /proc: what is gone, hidden or another user's answers with nothing. */
import { fileSystem } from '../file-system.ts';

/** What /proc/<pid>/stat tells of a process. */
export interface ProcessStatus {
  /** 'Z' has ended and its parent has not looked yet. */
  readonly state: string;
  readonly parentId: number;
  readonly sessionId: number;
  readonly flags: number;
  /** As wait() has it; 0 also where we may not look. */
  readonly waitStatus: number;
  readonly threadCount: number;
  /** In ticks since the system's start. With the number it names one process: numbers are used again. */
  readonly start: number;
}

export function readStatus(processId: number): ProcessStatus | undefined {
  const text = readText(`/proc/${processId}/stat`);
  if (text === undefined) return undefined;
  // The command, in parentheses, may hold anything: fields count from the last one. The state is field 3 of proc(5).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0] ?? '',
    parentId: Number(fields[1]),
    sessionId: Number(fields[3]),
    flags: Number(fields[6]),
    waitStatus: Number(fields[49] ?? 0),
    threadCount: Number(fields[17]),
    start: Number(fields[19]),
  };
}

export function listProcesses(): number[] {
  return listNumbers('/proc');
}

/** The inodes of the sockets that the process has open, as texts. */
export function listSockets(processId: number): string[] {
  return listSocketDescriptors(processId).map(({ inode }) => inode);
}

export function listSocketDescriptors(processId: number): { descriptor: number; inode: string }[] {
  const folder = `/proc/${processId}/fd`;
  return listNumbers(folder).flatMap((descriptor) => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(readLink(`${folder}/${descriptor}`)) ?? [];
    return inode === undefined ? [] : [{ descriptor, inode }];
  });
}

/** False for a process of another user, or with rights that this one has not. True also for one that is gone. */
export function canListSockets(processId: number): boolean {
  const folder = `/proc/${processId}/fd`;
  const { readdirSync, readlinkSync } = fileSystem();
  try {
    const [first] = readdirSync(folder);
    if (first !== undefined) readlinkSync(`${folder}/${first}`);
    return true;
  } catch (error) {
    return !['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}

export function readCommand(processId: number): string | undefined {
  // Arguments may have line breaks; messages are one line.
  return readText(`/proc/${processId}/cmdline`, 'utf8')?.replaceAll('\0', ' ').replaceAll(/\s+/g, ' ').trim();
}

/** The environment that the process was started with. */
export function readEnvironment(processId: number): ReadonlyMap<string, string> {
  const entries = readText(`/proc/${processId}/environ`, 'utf8')?.split('\0') ?? [];
  return new Map(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

export function readText(path: string, encoding: 'latin1' | 'utf8' = 'latin1'): string | undefined {
  try {
    return fileSystem().readFileSync(path, encoding);
  } catch {
    return undefined;
  }
}

function listNumbers(folder: string): number[] {
  try {
    return fileSystem().readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

export function readLink(path: string): string {
  try {
    return fileSystem().readlinkSync(path);
  } catch {
    return '';
  }
}
