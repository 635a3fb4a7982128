/**
 * Time, as references taken when this module loads: fake timers that a test installs later do not reach them.
 * The monotonic clock is the system's, so that the processes of a run can compare their times.
 */
import type * as Timers from 'node:timers';

const { hrtime } = process;
const timers: typeof Timers = process.getBuiltinModule('node:timers');
export const startTimeout: typeof timers.setTimeout = timers.setTimeout;
export const stopTimeout: typeof timers.clearTimeout = timers.clearTimeout;
export const startInterval: typeof timers.setInterval = timers.setInterval;
export const stopInterval: typeof timers.clearInterval = timers.clearInterval;
export const startImmediate: typeof timers.setImmediate = timers.setImmediate;
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

const CLOCK_LOOKS = 3;

/**
 * When the monotonic clock was at 0, in milliseconds since 1970. A process may have to wait between its looks at the two clocks,
 * which makes the difference smaller: the largest is the truest.
 */
export function monotonicStartEpochMs(): number {
  return Math.max(...Array.from({ length: CLOCK_LOOKS }, () => epochMs() - monotonicMs()));
}

/** Blocks the thread. Only for waits of a few milliseconds where the caller is synchronous. */
export function blockMs(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}

/** @throws the signal's reason as soon as it is aborted */
export async function pause(durationMs: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve) => {
    const end = (): void => {
      stopTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = startTimeout(end, durationMs);
    signal?.addEventListener('abort', end);
  });
  signal?.throwIfAborted();
}
