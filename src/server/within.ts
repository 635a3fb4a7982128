/** Waits with an end, and without a timer that outlives them. */
import { startTimeout, stopTimeout } from '../platform/clock.ts';

/** Whether the promise is fulfilled in that time. @throws what it is rejected with */
export async function isFulfilledWithin(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = startTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([promise.then(() => true), timeout]);
  } finally {
    stopTimeout(timer);
  }
}

/** What the promise gives, unless the signal is aborted before. @throws the signal's reason */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    const settle = (): void => signal.removeEventListener('abort', onAbort);
    // Also if nobody waits for it any more: it can still fail.
    promise.then(resolve, reject).finally(settle);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
}
