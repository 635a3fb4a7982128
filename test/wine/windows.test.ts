/**
 * The Windows kernel, run: by the real node.exe with the real addon, under Wine, and not on Windows. What holds there is what Wine
 * does as Windows does; docs/windows.md says what that leaves open.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openWindows, type Windows, wineOrNothing } from './windows.ts';

/** A bound for what hangs, not a measure: on a quiet machine with two processors all of it takes two minutes. */
const TIMEOUT_MS = 1_200_000;
const SUITES = [
  { file: 'locks', tests: 7 },
  { file: 'memory', tests: 13 },
  { file: 'sockets', tests: 20 },
  { file: 'processes', tests: 8 },
  { file: 'pool', tests: 15 },
  { file: 'storm', tests: 2 },
  { file: 'tinypool', tests: 1 },
] as const;
/** What only root can do on Linux does not exist there. */
const SKIPPED = ['excludes processes of other users'];

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

interface Results {
  readonly passed: readonly string[];
  /** With their messages. */
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
}

const wine = wineOrNothing();

describe.skipIf(wine === undefined)('on Windows, under Wine', { timeout: TIMEOUT_MS }, () => {
  let windows: Windows;
  let report: Report;
  let output = '';

  beforeAll(async () => {
    windows = await openWindows(wine as string);
    report = await runSuites('suites', { pool: 'forks', include: ['test/wine/inside/*.inside.ts'] });
  }, TIMEOUT_MS);
  afterAll(() => windows?.[Symbol.asyncDispose](), TIMEOUT_MS);

  async function runSuites(name: string, suites: object, env = {}): Promise<Report> {
    const outputFile = `${name}.json`;
    const arguments_ = JSON.stringify({ ...suites, outputFile });
    const run = await windows.run(['test/wine/inside/run-suites.program.ts', arguments_], env);
    output = run.output;
    try {
      return JSON.parse(readFileSync(path.join(windows.folder, outputFile), 'utf8')) as Report;
    } catch (error) {
      throw new Error(`Vitest has written no report (${run.exitCode}).\n${output}`, { cause: error });
    }
  }

  test.each(SUITES)('the suite $file passes, all $tests tests of it', ({ file, tests }) => {
    const results = resultsOf(report, `${file}.inside.ts`);
    expect(results.failed).toEqual([]);
    expect(results.skipped.filter((title) => !SKIPPED.includes(title))).toEqual([]);
    expect(results.passed).toHaveLength(tests);
  });

  test.each(['forks', 'threads'] as const)('the fixtures of Vitest 3.2 work in %s', async (pool) => {
    const suites = { pool, include: ['test/wine/inside/*.user.ts'], usesPlugin: true, workers: 2 };
    const results = resultsOf(await runSuites(pool, suites), 'fixtures.user.ts');
    expect(results).toMatchObject({ failed: [], skipped: [] });
    expect(results.passed).toHaveLength(7);
    // No port was released with a server on it.
    expect(output).not.toContain('PORTSLICE_');
  });
});

function resultsOf(report: Report, file: string): Results {
  const found = report.testResults.find(({ name }) => name.endsWith(`/${file}`));
  const all = found?.assertionResults ?? [];
  const titles = (status: string): string[] =>
    all.filter((one) => one.status === status).map(({ title }) => title);
  const failures = all.filter(({ status }) => status === 'failed');
  return {
    passed: titles('passed'),
    failed: [
      ...(found === undefined || found.message === '' ? [] : [found.message]),
      ...failures.map(({ title, failureMessages }) => `${title}: ${failureMessages.join('\n')}`),
    ],
    skipped: [...titles('skipped'), ...titles('pending')],
  };
}
