/**
 * Reads from the JSON reports of Vitest and Playwright how many tests passed, failed and were skipped, and which of them
 * failed and why: the end of a log is all that is left of some runs.
 */
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export interface SuiteReport extends Counts {
  /** One text for each failed test: where it is, its name, and the beginning of its error. */
  readonly failures: readonly string[];
}

/** Enough for a comparison of two values; the whole error is further up in the log. */
const ERROR_LINES = 25;

const NO_REPORT: SuiteReport = {
  passed: 0,
  failed: 1,
  skipped: 0,
  failures: ['The runner ended without a report.'],
};

interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: readonly {
    name: string;
    message: string;
    status: string;
    assertionResults: readonly { status: string; fullName: string; failureMessages: readonly string[] }[];
  }[];
}

interface PlaywrightSuite {
  suites?: readonly PlaywrightSuite[];
  specs: readonly {
    ok: boolean;
    file: string;
    line: number;
    title: string;
    tests: readonly { results: readonly { errors: readonly { message?: string }[] }[] }[];
  }[];
}

interface PlaywrightReport {
  errors: readonly { message?: string }[];
  suites: readonly PlaywrightSuite[];
  stats: { expected: number; unexpected: number; flaky: number; skipped: number };
}

export function readVitestReport(file: string): SuiteReport {
  const report = readReport(file) as VitestReport | undefined;
  if (report === undefined) return NO_REPORT;
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: [
      ...brokenFiles.map(({ name, message }) => failure(name, [message])),
      ...report.testResults.flatMap(({ name, assertionResults }) =>
        assertionResults
          .filter(({ status }) => status === 'failed')
          .map(({ fullName, failureMessages }) => failure(`${name} > ${fullName}`, failureMessages)),
      ),
    ],
  };
}

export function readPlaywrightReport(file: string): SuiteReport {
  const report = readReport(file) as PlaywrightReport | undefined;
  if (report === undefined) return NO_REPORT;
  const { expected, unexpected, flaky, skipped } = report.stats;
  return {
    passed: expected,
    // A test that passes only sometimes is what this package exists to prevent.
    failed: unexpected + flaky + report.errors.length,
    skipped,
    failures: [
      ...report.errors.map(({ message = '' }) => failure('outside of all tests', [message])),
      ...report.suites.flatMap(failuresOfSuite),
    ],
  };
}

function failuresOfSuite({ suites = [], specs }: PlaywrightSuite): readonly string[] {
  const own = specs
    .map(({ file, line, title, tests }) => ({
      title: `${file}:${line} > ${title}`,
      messages: tests.flatMap(({ results }) =>
        results.flatMap(({ errors }) => errors.map(({ message = '' }) => message)),
      ),
    }))
    .filter(({ messages }) => messages.length > 0);
  return [...own.map(({ title, messages }) => failure(title, messages)), ...suites.flatMap(failuresOfSuite)];
}

function failure(title: string, messages: readonly string[]): string {
  const lines = stripVTControlCharacters(messages.join('\n')).split('\n').slice(0, ERROR_LINES);
  return [title, ...lines.map((line) => `    ${line}`)].join('\n');
}

/** undefined if the runner died before it could write its report. */
function readReport(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
