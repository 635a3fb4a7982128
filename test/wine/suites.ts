/** Suites of tests that Vitest 3.2 runs on Windows, and what came of them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
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

interface SuiteResults {
  readonly passed: readonly string[];
  /** With their messages. */
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
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
  const report = readReport(path.join(windows.folder, outputFile), `${exitCode}\n${output}`);
  return { of: (file) => resultsOf(report, file), output };
}

function readReport(file: string, whatCameInstead: string): Report {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch (error) {
    throw new Error(`Vitest has written no report: ${whatCameInstead}`, { cause: error });
  }
}

function resultsOf({ testResults }: Report, file: string): SuiteResults {
  const found = testResults.find(({ name }) => name.endsWith(`/${file}`));
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
