/**
 * A job object: Windows' own notion of a process and all that comes of it. Whatever a member starts is a member too, and none can
 * leave. When the last handle of the job is closed, Windows ends all of them; ours is inherited by nobody, so that it is closed with
 * this process, however that ends.
 */
import {
  ERROR_MORE_DATA,
  INFINITE,
  JOB_OBJECT_BASIC_PROCESS_ID_LIST,
  JOB_OBJECT_EXTENDED_LIMIT_INFORMATION,
  JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
  JobLimits,
  JobProcessIds,
  PROCESS_SET_QUOTA,
  PROCESS_TERMINATE,
  SYNCHRONIZE,
  WT_EXECUTEONLYONCE,
} from './constants.ts';
import { windowsError } from './errno.ts';
import { withProcess } from './processes.ts';
import { Scratch } from './scratch.ts';
import type { Win32 } from './win32.ts';

/** Of those that are ended, as of Node's `kill`. */
const EXIT_CODE = 1;
const FIRST_LIST_LENGTH = 256;
const MAX_LIST_LENGTH = 65_536;

export class Job {
  readonly #win32: Win32;
  /** 0: it is closed, and its number can be another object's. */
  #job: number;
  readonly #stopWatching: () => void;

  /** @throws SystemCallError, ResourceLimitError */
  constructor(win32: Win32) {
    this.#win32 = win32;
    this.#job = createJob(win32);
    try {
      this.#stopWatching = win32.isMainThread ? () => {} : closeWithThread(win32, this.#job);
    } catch (error) {
      win32.closeHandle(this.#job);
      throw error;
    }
  }

  /** From now on the process is a member, and what it starts. @returns false: it has ended, or is not ours */
  add(processId: number): boolean {
    const { assignToJob } = this.#win32;
    const access = PROCESS_SET_QUOTA | PROCESS_TERMINATE;
    return withProcess(processId, access, (handle) => assignToJob(this.#job, handle)) === 1;
  }

  /** The members that live. */
  list(): number[] {
    if (this.#job === 0) return [];
    for (let length = FIRST_LIST_LENGTH; ; length *= 2) {
      const { ids, idBytes } = JobProcessIds;
      const byteLength = ids + length * idBytes;
      const { buffer, pointer } = this.#win32.allocate(byteLength);
      const kind = JOB_OBJECT_BASIC_PROCESS_ID_LIST;
      if (this.#win32.queryJob(this.#job, kind, pointer, byteLength, 0) !== 0) return parseProcessIds(buffer);
      const code = this.#win32.lastError();
      if (code !== ERROR_MORE_DATA || length > MAX_LIST_LENGTH)
        throw windowsError('QueryInformationJobObject', code);
    }
  }

  /** Ends all of them at once. */
  terminate(): void {
    if (this.#job !== 0 && this.#win32.terminateJob(this.#job, EXIT_CODE) === 0)
      throw windowsError('TerminateJobObject', this.#win32.lastError());
  }

  /** Ends whoever is left. */
  close(): void {
    if (this.#job === 0) return;
    const job = this.#job;
    this.#job = 0;
    this.#stopWatching();
    this.#win32.closeHandle(job);
  }
}

export function parseProcessIds(list: Buffer): number[] {
  const { listed, ids, idBytes } = JobProcessIds;
  const count = Math.min(list.readUInt32LE(listed), Math.floor((list.length - ids) / idBytes));
  return Array.from({ length: count }, (_, index) => Number(list.readBigUInt64LE(ids + index * idBytes)));
}

function createJob(win32: Win32): number {
  const job = win32.createJob(0, null);
  if (job === 0) throw windowsError('CreateJobObjectW', win32.lastError());
  const { limitFlags, byteLength } = JobLimits;
  const { buffer, pointer } = win32.allocate(byteLength);
  buffer.writeUInt32LE(JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, limitFlags);
  const kind = JOB_OBJECT_EXTENDED_LIMIT_INFORMATION;
  if (win32.setJobInformation(job, kind, pointer, byteLength) !== 0) return job;
  const code = win32.lastError();
  win32.closeHandle(job);
  throw windowsError('SetInformationJobObject', code);
}

/**
 * Windows closes no handle with a thread, and a worker of a runner can be terminated alone. So a thread of Windows' own waits for
 * the end of this one and then calls CloseHandle(job); none of our code runs for it.
 * SAFETY: the callback gets the job as its first argument, and a second one, which CloseHandle does not look at: on x64 and arm64
 * arguments are in registers.
 * @returns what ends the waiting
 */
function closeWithThread(win32: Win32, job: number): () => void {
  const thread = win32.openThread(SYNCHRONIZE, 0, win32.threadId);
  if (thread === 0) throw windowsError('OpenThread', win32.lastError());
  const result = win32.scratchPointer + Scratch.pointer;
  const callback = win32.addressOf(win32.moduleOf('kernel32.dll'), 'CloseHandle');
  if (win32.registerWait(result, thread, callback, job, INFINITE, WT_EXECUTEONLYONCE) === 0) {
    const code = win32.lastError();
    win32.closeHandle(thread);
    throw windowsError('RegisterWaitForSingleObject', code);
  }
  const wait = Number(win32.scratch.readBigUInt64LE(Scratch.pointer));
  return () => {
    // This thread goes on, so that it has not been called, and will not be.
    win32.unregisterWait(wait, 0);
    win32.closeHandle(thread);
  };
}
