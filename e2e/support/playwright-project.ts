/** Projects with Playwright tests: their configuration, their runs and their reports. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type {
  JSONReport,
  JSONReportSpec,
  JSONReportSuite,
  JSONReportTestResult,
} from '@playwright/test/reporter';
import { type LogEntry, readLog } from './inside.program.ts';
import type { Finished, Project, ProjectFiles, RunOptions } from './project.ts';

/** The helpers for tests in projects, as inside.ts. */
export const INSIDE: string = readFileSync(path.join(import.meta.dirname, 'inside.program.ts'), 'utf8');
const SERVER = readFileSync(path.join(import.meta.dirname, 'server.program.ts'), 'utf8');

/** A project's files: the helpers for the tests inside, and a configuration with the given settings and pool options. */
export function playwrightFiles(settings: string, files: ProjectFiles, poolOptions = ''): ProjectFiles {
  const config = `
    import { defineConfig } from '@playwright/test';
    import { withPorts } from 'portslice/playwright';
    export default withPorts(defineConfig({ timeout: 60_000, expect: { timeout: 60_000 }, ${settings} }), { ${poolOptions} });
  `;
  return { 'inside.ts': INSIDE, 'server.ts': SERVER, 'playwright.config.ts': config, ...files };
}

export interface PlaywrightRun extends Finished {
  /** Of the test with that title, the last try. */
  result(title: string): JSONReportTestResult;
  results(title: string): JSONReportTestResult[];
  /** The titles of the tests by their last status. */
  titles(status: JSONReportTestResult['status']): string[];
  readonly log: readonly LogEntry[];
}

export function playwrightEnvironment(project: Project, options: RunOptions = {}): RunOptions {
  return {
    ...options,
    env: {
      INSIDE_LOG: logPath(project),
      PLAYWRIGHT_JSON_OUTPUT_NAME: reportPath(project),
      PLAYWRIGHT_HTML_OPEN: 'never',
      ...options.env,
    },
  };
}

/** Runs `playwright test`, to its end. A `--reporter` among the arguments must name json too. */
export async function runPlaywright(
  project: Project,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<PlaywrightRun> {
  const testArguments = ['test', '--reporter=line,json', ...args];
  const finished = await project.run('playwright', testArguments, playwrightEnvironment(project, options));
  return readRun(project, finished);
}

export function readRun(project: Project, finished: Finished): PlaywrightRun {
  const specs = readSpecs(reportPath(project));
  const results = (title: string): JSONReportTestResult[] => {
    const spec = specs.find((candidate) => candidate.title === title);
    if (spec === undefined) throw new Error(`No test '${title}' in the report:\n${finished.output}`);
    return spec.tests.flatMap((test) => test.results);
  };
  const result = (title: string): JSONReportTestResult => results(title).at(-1) as JSONReportTestResult;
  return {
    ...finished,
    results,
    result,
    titles: (status) => specs.map(({ title }) => title).filter((title) => result(title)?.status === status),
    log: readLog(logPath(project)),
  };
}

/** One port of a test, as the attachment 'portslice' tells it. */
export interface ReportedUse {
  readonly fixture: string;
  readonly port: number;
  readonly waitedMs: number;
  readonly acquiredAtMs: number;
  readonly releasedAtMs: number;
  readonly state: string;
}

/** Of the test's own ports. */
export function reportedUses(result: JSONReportTestResult): ReportedUse[] {
  return allUses(result).filter(({ fixture }) => !fixture.startsWith('worker'));
}

/** Of the ports that the test's worker had at its end. */
export function reportedWorkerUses(result: JSONReportTestResult): ReportedUse[] {
  return allUses(result).filter(({ fixture }) => fixture.startsWith('worker'));
}

function allUses({ attachments }: JSONReportTestResult): ReportedUse[] {
  return attachments.flatMap(({ name, body }) =>
    name === 'portslice' && body !== undefined ? (JSON.parse(atob(body)) as ReportedUse[]) : [],
  );
}

function readSpecs(report: string): JSONReportSpec[] {
  const { suites } = JSON.parse(readFileSync(report, 'utf8')) as JSONReport;
  const specsOf = (suite: JSONReportSuite): JSONReportSpec[] => [
    ...suite.specs,
    ...(suite.suites ?? []).flatMap(specsOf),
  ];
  return suites.flatMap(specsOf);
}

function reportPath({ dir }: Project): string {
  return path.join(dir, 'report.json');
}

export function logPath({ dir }: Project): string {
  return path.join(dir, 'inside.log');
}
