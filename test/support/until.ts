import { setTimeout as sleep } from 'node:timers/promises';

/** Beyond the time-out of a test: a bound for what nobody stops, not a measure. */
const LIMIT_MS = 120_000;
const POLL_MS = 5;

/** Waits until the condition holds. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + LIMIT_MS;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`Not within ${LIMIT_MS} ms: ${what}.`);
    await sleep(POLL_MS);
  }
}
