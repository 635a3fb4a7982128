import { setTimeout as sleep } from 'node:timers/promises';

/** Beyond the time-out of a test: a bound for what nobody stops, not a measure. */
const LIMIT_MS = 120_000;
const POLL_MS = 5;

/**
 * Waits until the condition holds.
 * @param inTheEnd what there is instead, for the error
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  inTheEnd?: () => unknown,
): Promise<void> {
  const deadlineMs = performance.now() + LIMIT_MS;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) {
      const there = inTheEnd === undefined ? '' : ` There is ${JSON.stringify(inTheEnd())}.`;
      throw new Error(`Not within ${LIMIT_MS} ms: ${what}.${there}`);
    }
    await sleep(POLL_MS);
  }
}
