/** Under Wine, as test/wine/windows.test.ts: 8 processes over 40 ports with real servers, and threads that are terminated. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runSuites } from '../wine/suites.ts';
import { LONGEST_RUN_MS, openWindows, type Windows, wineOrNothing } from '../wine/windows.ts';
import { repetitions, soakTimeoutMs } from './scale.ts';

/** A bound for what hangs, not a measure. */
const LONGEST_STORM_MS = soakTimeoutMs(LONGEST_RUN_MS, 3_600_000);
/** A run that hangs is ended before, and tells where everybody stood. */
const TIMEOUT_MS = LONGEST_STORM_MS + 60_000;
const STORMS = [
  { file: 'test/wine/inside/storm.inside.ts', tests: 2, rounds: repetitions(4, 100) },
  { file: 'test/wine/inside/threads.inside.ts', tests: 1, rounds: repetitions(4, 200) },
];

const wine = wineOrNothing();

describe.skipIf(wine === undefined)('on Windows, under Wine', { timeout: TIMEOUT_MS }, () => {
  let windows: Windows;
  beforeAll(async () => {
    windows = await openWindows(wine as string);
  }, TIMEOUT_MS);
  afterAll(() => windows?.[Symbol.asyncDispose](), TIMEOUT_MS);

  test.each(STORMS)('$file passes with $rounds rounds', async ({ file, tests, rounds }) => {
    const run = await runSuites(
      windows,
      { pool: 'forks', include: [file], timeoutMs: LONGEST_STORM_MS },
      { STORM_ROUNDS: String(rounds) },
    );
    const { passed, ...others } = run.of(file);
    expect(others).toEqual({ failed: [], skipped: [] });
    expect(passed).toHaveLength(tests);
  });
});
