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
}

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
  const config = JSON.stringify({ ...suites, outputFile });
  const { exitCode, output } = await windows.run(['test/wine/inside/run-suites.program.ts', config], env);
  const report = readSuiteReport(path.join(windows.folder, outputFile), `${exitCode}\n${output}`);
  return { of: (file) => resultsOf(report, file), output };
}
