/** Whether the thread of a record or slice is alive. A hint only: of other users' threads the system does not tell. */
import { PROC_PIDLISTTHREADIDS } from './constants.ts';
import { libc, type LibC } from './libc.ts';
import { readProcessInfo } from './proc.ts';
import { Scratch, STRUCTURE_BYTES } from './scratch.ts';
import { isWorker, mayBeThread, processOf } from './thread-number.ts';

export function isAlive(threadId: number): boolean {
  const processId = processOf(threadId);
  if (!exists(processId)) return false;
  if (!isWorker(threadId)) return true;
  const threads = listThreads(libc(), processId);
  return threads === undefined || threads.some((each) => mayBeThread(threadId, each));
}

/** As `isAlive`, but a process that has ended counts as ended even while its parent has not looked yet. */
export function isRunning(processId: number): boolean {
  // The system tells nothing of a process that has ended; of another user's it tells this much.
  return exists(processId) && readProcessInfo(processId) !== undefined;
}

function exists(processId: number): boolean {
  if (processId <= 0) return false;
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The system's numbers of its threads, as many as fit; undefined where it does not tell. */
function listThreads(c: LibC, processId: number): number[] | undefined {
  const buffer = c.scratchPointer + Scratch.structure;
  const written = c.proc_pidinfo(processId, PROC_PIDLISTTHREADIDS, 0, buffer, STRUCTURE_BYTES);
  if (written === 0) return undefined;
  return Array.from({ length: written / 8 }, (_, index) =>
    Number(c.scratch.readBigUInt64LE(Scratch.structure + 8 * index)),
  );
}
