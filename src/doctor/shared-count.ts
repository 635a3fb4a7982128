/** Two processes that count in the same memory, at the same time. */
import { HEADER_BYTES } from '../core/segment-layout.ts';
import { monotonicMs } from '../platform/clock.ts';

/** The least that may be attached. */
export const COUNT_BYTES: number = HEADER_BYTES;
/** Enough that both are at it for some milliseconds. */
export const COUNT_OF_EACH = 200_000;

/** The words of the memory: who has come, and the count. */
const HERE = 0;
const COUNT = 1;

/** Blocks the thread until the other one has come, and then counts. @returns false: it has not come in that time */
export function countTogether(buffer: ArrayBuffer, patienceMs: number): boolean {
  const words = new Int32Array(buffer);
  // SYNC: each waits for the other, so that what follows is concurrent.
  Atomics.add(words, HERE, 1);
  const deadlineMs = monotonicMs() + patienceMs;
  while (Atomics.load(words, HERE) < 2) if (monotonicMs() > deadlineMs) return false;
  for (let time = 0; time < COUNT_OF_EACH; time++) Atomics.add(words, COUNT, 1);
  return true;
}

export function hasCome(buffer: ArrayBuffer): boolean {
  return Atomics.load(new Int32Array(buffer), HERE) > 0;
}

export function readCount(buffer: ArrayBuffer): number {
  return Atomics.load(new Int32Array(buffer), COUNT);
}
