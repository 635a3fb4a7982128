/**
 * Time, as references taken when this module loads: fake timers that a test installs later do not reach them.
 * The monotonic clock is the system's, so that the processes of a run can compare their times.
 */
import { setInterval as startInterval, clearInterval as stopInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';

const { hrtime } = process;
const { now } = Date;

/** Milliseconds of the system's monotonic clock. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** Milliseconds since 1970. */
export function epochMs(): number {
  return now();
}

/** Blocks the thread. Only for waits of a few milliseconds where the caller is synchronous. */
export function blockMs(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}

/** @throws the signal's reason as soon as it is aborted */
export async function pause(durationMs: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(durationMs, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

export { startInterval, stopInterval };
