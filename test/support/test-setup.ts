/** For every test: the processes that it has started end with it, and before its time is up it says where they stand. */
import { appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { endProcessesSince, liveProcesses } from './live-process.ts';

/** Enough to look everywhere on a busy machine, and for a short test a part of its time. */
const BEFORE_THE_END_MS = 10_000;
const PART_OF_SHORT_TESTS = 0.2;

let before = liveProcesses();
let alarm: NodeJS.Timeout | undefined;

beforeEach(({ task }) => {
  before = liveProcesses();
  const leftMs = Math.min(BEFORE_THE_END_MS, task.timeout * PART_OF_SHORT_TESTS);
  if (task.timeout > 0)
    alarm = setTimeout(() => void tellWhereEverybodyStands(task.name), task.timeout - leftMs);
  alarm?.unref();
});

afterEach(async () => {
  clearTimeout(alarm);
  await endProcessesSince(before);
});

/** Into a file, too: the output of a worker that is killed may be lost. */
async function tellWhereEverybodyStands(test: string): Promise<void> {
  const { describeEverybody } = await import('./watchdog.ts');
  const text = `The time of the test '${test}' is nearly up.\n${await describeEverybody()}\n`;
  const file = path.join(tmpdir(), `portslice-watchdog-${process.pid}.txt`);
  appendFileSync(file, text);
  console.error(`${text}This is also in ${file}.`);
}
