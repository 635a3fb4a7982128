/** Suites of tests that Vitest 3.2 runs on Windows, and what came of them. */
import path from 'node:path';
import { readSuiteReport, resultsOf, type SuiteResults } from '../support/suite-report.ts';
import type { Windows } from './windows.ts';

/** What the program inside is told. */
interface Suites {
  readonly pool: 'forks' | 'threads';
  /** Paths or globs of the test files. */
  readonly include: readonly string[];
  readonly usesPlugin?: boolean;
  readonly workers?: number;
  /** Ends of titles of tests that are not run. */
  readonly without?: readonly string[];
  /** Of each test: a bound for what hangs, not a measure. It is that of the whole run, too. */
  readonly timeoutMs?: number;
}

/** On a busy machine the longest takes a minute. */
const TEST_TIMEOUT_MS = 300_000;

export interface SuitesRun {
  /** Of one test file. */
  readonly of: (file: string) => SuiteResults;
  readonly output: string;
}

export async function runSuites(
  windows: Windows,
  suites: Suites,
  env: Readonly<Record<string, string>> = {},
): Promise<SuitesRun> {
  const outputFile = `report-${performance.now()}.json`;
  const config = JSON.stringify({ timeoutMs: TEST_TIMEOUT_MS, ...suites, outputFile });
  const { exitCode, output } = await windows.run(['test/wine/inside/run-suites.program.ts', config], {
    env,
    ...(suites.timeoutMs === undefined ? {} : { longestMs: suites.timeoutMs }),
  });
  const report = readSuiteReport(path.join(windows.folder, outputFile), `${exitCode}\n${output}`);
  return { of: (file) => resultsOf(report, file), output };
}
