/**
 * Threads as the processes of a run know each other's: macOS tells of a thread only who knows its process, and a record has
 * 32 bits for both. So the number has the process id, and what is left of the thread's own.
 */
const PROCESS_ID_BITS = 22;
const PROCESS_ID_MASK = 2 ** PROCESS_ID_BITS - 1;
/** Of a worker thread from 1 on: 0 is the main thread, which lives as long as its process. */
const WORKER_COUNT = 2 ** (32 - PROCESS_ID_BITS) - 1;

/** @param systemThreadId undefined for the main thread. @returns a 32-bit integer, which may be negative */
export function threadNumber(processId: number, systemThreadId?: number): number {
  const worker = systemThreadId === undefined ? 0 : workerOf(systemThreadId);
  return processId | (worker << PROCESS_ID_BITS);
}

export function processOf(threadId: number): number {
  return threadId & PROCESS_ID_MASK;
}

export function isWorker(threadId: number): boolean {
  return threadId >>> PROCESS_ID_BITS !== 0;
}

/** True of about one in a thousand others, too. */
export function mayBeThread(threadId: number, systemThreadId: number): boolean {
  return threadId >>> PROCESS_ID_BITS === workerOf(systemThreadId);
}

function workerOf(systemThreadId: number): number {
  return 1 + (systemThreadId % WORKER_COUNT);
}
