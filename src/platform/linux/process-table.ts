/** One pass over /proc: every process that lives. */
import { listProcesses, type ProcessStatus, readStatus } from './proc.ts';

export type ProcessTable = ReadonlyMap<number, ProcessStatus>;

export function readProcessTable(): ProcessTable {
  const table = new Map<number, ProcessStatus>();
  for (const processId of listProcesses()) {
    const status = readLivingStatus(processId);
    if (status !== undefined) table.set(processId, status);
  }
  return table;
}

/** Undefined for a process that has ended, also if its parent has not looked yet. */
export function readLivingStatus(processId: number): ProcessStatus | undefined {
  const status = readStatus(processId);
  if (status === undefined) return undefined;
  // The first thread of a program can end before the others.
  return 'ZX'.includes(status.state) && status.threadCount <= 1 ? undefined : status;
}

/** Whether /proc is there and that of our own process namespace. */
export function procShowsUs(): boolean {
  return readStatus(process.pid)?.parentId === process.ppid;
}
