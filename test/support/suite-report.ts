/** What came of test files that a Vitest ran which a test has started. */
import { readFileSync } from 'node:fs';

export interface SuiteReport {
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

export interface SuiteResults {
  readonly passed: readonly string[];
  /** With their messages. */
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
}

/** @param whatCameInstead is in the error, if there is no report */
export function readSuiteReport(file: string, whatCameInstead: string): SuiteReport {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as SuiteReport;
  } catch (error) {
    throw new Error(`Vitest has written no report: ${whatCameInstead}`, { cause: error });
  }
}

/** Of one test file. */
export function resultsOf({ testResults }: SuiteReport, file: string): SuiteResults {
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
