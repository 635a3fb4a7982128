/**
 * The Windows kernel, run: by the real node.exe with the real addon, under Wine, and not on Windows. What holds there is what Wine
 * does as Windows does; docs/windows.md says what that leaves open. test/soak/windows.test.ts has the storms.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runSuites, type SuitesRun } from './suites.ts';
import { LONGEST_RUN_MS, openWindows, type Windows, wineOrNothing } from './windows.ts';

/** A run that hangs is ended before, and tells where everybody stood; the first hook has two. */
const TIMEOUT_MS = 2 * LONGEST_RUN_MS + 60_000;
const SUITES = [
  { file: 'test/wine/inside/locks.inside.ts', tests: 7 },
  { file: 'test/wine/inside/memory.inside.ts', tests: 13 },
  { file: 'test/wine/inside/sockets.inside.ts', tests: 24 },
  { file: 'test/wine/inside/processes.inside.ts', tests: 8 },
  { file: 'test/wine/inside/servers.inside.ts', tests: 13 },
  { file: 'test/wine/inside/run-ports.inside.ts', tests: 5 },
  { file: 'test/wine/inside/tinypool.inside.ts', tests: 1 },
  { file: 'test/pool/slices.test.ts', tests: 15 },
  { file: 'test/pool/crash-recovery.test.ts', tests: 9 },
  { file: 'test/pool/statistics.test.ts', tests: 7 },
] as const;
/** In a run of their own: they leave connections on ports, of which the others take notice. */
const LOOKS = [
  { file: 'test/report/machine-status.test.ts', tests: 8 },
  { file: 'test/report/read-ports.test.ts', tests: 9 },
] as const;
/** What is no promise there. */
const WITHOUT = [
  // There are no users to become.
  'excludes processes of other users',
  // No lock outlives its thread.
  'is terminated gives its ports back to another process once its own looks for one',
  // A process has no number in common with its first thread.
  'has a record of each port that was claimed, with its last claim',
  // It needs AsyncDisposableStack, and so Node 24.
  'workers that must share a slice get different ports all the same',
];

const wine = wineOrNothing();

describe.skipIf(wine === undefined)('on Windows, under Wine', { timeout: TIMEOUT_MS }, () => {
  let windows: Windows;
  let runs: readonly SuitesRun[];
  beforeAll(async () => {
    windows = await openWindows(wine as string);
    const runThere = (suites: typeof SUITES | typeof LOOKS): Promise<SuitesRun> =>
      runSuites(windows, { pool: 'forks', include: suites.map(({ file }) => file), without: WITHOUT });
    runs = [await runThere(SUITES), await runThere(LOOKS)];
  }, TIMEOUT_MS);
  afterAll(() => windows?.[Symbol.asyncDispose](), TIMEOUT_MS);

  test.each([
    ...SUITES.map((suite) => ({ ...suite, run: 0 })),
    ...LOOKS.map((suite) => ({ ...suite, run: 1 })),
  ])('$file passes, all $tests tests of it', ({ file, tests, run }) => {
    const { passed, failed, skipped } = (runs[run] as SuitesRun).of(file);
    expect(failed).toEqual([]);
    expect(skipped.filter((title) => !WITHOUT.some((left) => title.endsWith(left)))).toEqual([]);
    expect(passed).toHaveLength(tests);
  });

  test.each(['forks', 'threads'] as const)('the fixtures of Vitest 3.2 work in %s', async (pool) => {
    const file = 'test/wine/inside/fixtures.user.ts';
    const user = await runSuites(windows, { pool, include: [file], usesPlugin: true, workers: 2 });
    const { passed, ...others } = user.of(file);
    expect(others).toEqual({ failed: [], skipped: [] });
    expect(passed).toHaveLength(9);
    // No port was released with a server on it.
    expect(user.output).not.toContain('PORTSLICE_');
  });

  test('the fixtures of Playwright work in two workers', async () => {
    const cli = 'node_modules/@playwright/test/cli.js';
    const config = 'test/wine/inside/playwright-config.user.ts';
    const { exitCode, output } = await windows.run([cli, 'test', '-c', config]);
    expect(output).not.toContain('PORTSLICE_');
    expect(exitCode).toBe(0);
    const file = path.join(windows.folder, 'test/wine/inside/playwright.json');
    const { stats } = JSON.parse(readFileSync(file, 'utf8')) as { stats: object };
    expect(stats).toMatchObject({ expected: 5, skipped: 0, unexpected: 0, flaky: 0 });
  });
});
