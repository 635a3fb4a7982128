/**
 * Which thread opened a descriptor. A descriptor is a handle: a socket's own number, a lock's negative, since they are closed in
 * different ways. Windows gives a terminated thread's mutexes free, but closes no handle of a thread; and a socket that nobody
 * closes keeps its port from everybody. So worker threads record theirs in memory that all threads of the process share, each in a
 * row beside a handle of the thread, which tells for certain whether that thread has ended. Main ends with its process and records
 * nothing.
 */
import { ResourceLimitError } from '../../errors/index.ts';
import { threadState } from '../thread-state.ts';
import { SYNCHRONIZE, WAIT_ABANDONED, WAIT_OBJECT_0 } from './constants.ts';
import { windowsError } from './errno.ts';
import { mapNamed } from './named-memory.ts';
import type { Win32 } from './win32.ts';

const ROW_COUNT = 4096;
/** Of a row: the descriptor, 0 for none, and the thread that has the row, 0 for none. */
const ROW_WORDS = 2;
const ROW_BYTES = ROW_WORDS * 4;

interface Records {
  readonly words: Int32Array;
  /** A handle of this thread. */
  readonly thread: number;
  readonly rowOf: Map<number, number>;
  /** Rows of this thread that have no descriptor now. */
  readonly spare: number[];
}

/**
 * Opens a descriptor and records it; the opener answers 0 for a failure. V8 terminates a thread where a function of JavaScript
 * begins or a loop turns: between the system's call in the opener and the record there is neither.
 */
export function openRecorded(win32: Win32, open: () => number): number {
  if (win32.isMainThread) return open();
  const { words, rowOf, spare } = recordsOf(win32);
  const row = spare.pop() ?? reserveRow(win32);
  const descriptor = (words[row] = open());
  if (descriptor === 0) spare.push(row);
  else rowOf.set(descriptor, row);
  return descriptor;
}

/** The owner of a lock gives it back before. */
export function closeDescriptor(win32: Win32, descriptor: number): void {
  const close = descriptor < 0 ? win32.closeHandle : win32.closeSocket;
  const handle = Math.abs(descriptor);
  if (win32.isMainThread) return void close(handle);
  const { words, rowOf, spare } = recordsOf(win32);
  const row = rowOf.get(descriptor);
  if (row === undefined) return;
  rowOf.delete(descriptor);
  spare.push(row);
  // From here on its number can be somebody else's.
  words[row] = 0;
  close(handle);
}

/** Closes what terminated threads of this process have left. @returns how many descriptors it closed */
export function closeOrphans(win32: Win32): number {
  const words = sharedWords(win32);
  // Whoever ends while it has the mutex leaves it abandoned, and the rest to the next one.
  const mutex = win32.createMutex(0, 0, `Local\\portslice-orphans-${process.pid}`);
  if (mutex === 0) throw windowsError('CreateMutexW', win32.lastError());
  try {
    const answer = win32.waitForSingleObject(mutex, 0);
    if (answer !== WAIT_OBJECT_0 && answer !== WAIT_ABANDONED) return 0;
    const closed = closeRows(win32, words);
    win32.releaseMutex(mutex);
    return closed;
  } finally {
    win32.closeHandle(mutex);
  }
}

function closeRows(win32: Win32, words: Int32Array): number {
  const ended = new Set<number>();
  let closed = 0;
  for (let row = 0; row < words.length; row += ROW_WORDS) {
    const thread = Atomics.load(words, row + 1);
    if (thread === 0 || !(ended.has(thread) || hasEnded(win32, thread))) continue;
    ended.add(thread);
    const descriptor = words[row] as number;
    if (descriptor !== 0) {
      const close = descriptor < 0 ? win32.closeHandle : win32.closeSocket;
      const handle = Math.abs(descriptor);
      words[row] = 0;
      close(handle);
      closed++;
    }
    Atomics.store(words, row + 1, 0);
  }
  for (const thread of ended) win32.closeHandle(thread);
  return closed;
}

function hasEnded(win32: Win32, thread: number): boolean {
  return win32.waitForSingleObject(thread, 0) === WAIT_OBJECT_0;
}

function reserveRow(win32: Win32): number {
  const { words, thread } = recordsOf(win32);
  for (let row = 0; row < words.length; row += ROW_WORDS)
    if (Atomics.compareExchange(words, row + 1, 0, thread) === 0) return row;
  throw new ResourceLimitError({
    systemCall: 'WSASocketW',
    errnoName: 'WSAEMFILE',
    limit: `the worker threads of this process have ${ROW_COUNT} sockets and locks`,
  });
}

function recordsOf(win32: Win32): Records {
  return threadState('descriptor-records', () => ({
    words: sharedWords(win32),
    thread: openThisThread(win32),
    rowOf: new Map<number, number>(),
    spare: [],
  }));
}

function sharedWords(win32: Win32): Int32Array {
  return threadState('shared-descriptors', () => {
    const byteLength = ROW_COUNT * ROW_BYTES;
    const { buffer } = mapNamed(win32, `Local\\portslice-descriptors-${process.pid}`, byteLength);
    return new Int32Array(buffer);
  });
}

/** Its handle stays valid after the thread's end, until whoever closes what it has left. */
function openThisThread(win32: Win32): number {
  const thread = win32.openThread(SYNCHRONIZE, 0, win32.threadId);
  if (thread === 0) throw windowsError('OpenThread', win32.lastError());
  return thread;
}
