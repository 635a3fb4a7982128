/** Whether the thread of a record or slice is alive. A hint only: Windows uses numbers again soon. */
import {
  ERROR_ACCESS_DENIED,
  PROCESS_QUERY_LIMITED_INFORMATION,
  SYNCHRONIZE,
  WAIT_TIMEOUT,
} from './constants.ts';
import { win32 } from './win32.ts';

export function isAlive(threadId: number): boolean {
  return threadId > 0 && goesOn(win32().openThread(SYNCHRONIZE, 0, threadId));
}

/** A process that has ended exists for as long as anybody has a handle of it, such as its parent. */
export function isRunning(processId: number): boolean {
  if (processId <= 0) return false;
  return goesOn(win32().openProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, 0, processId));
}

/** @param handle of a thread or process, or 0 if it could not be opened */
function goesOn(handle: number): boolean {
  const { lastError, waitForSingleObject, closeHandle } = win32();
  // Another user's.
  if (handle === 0) return lastError() === ERROR_ACCESS_DENIED;
  const answer = waitForSingleObject(handle, 0);
  closeHandle(handle);
  return answer === WAIT_TIMEOUT;
}
