/** Runs one of the example suites, and reads what it has left behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { PortAllocationStats } from 'portslice';
import { type Counts, readPlaywrightReport, readVitestReport } from '../test-reports.ts';
import { playwrightPortUses, type PortUseOfTest, vitestPortUses } from './port-uses.ts';
import { readServerLogs, type ServerLife } from './server-logs.ts';

export type RunnerName = 'Playwright' | 'Vitest';

export interface RunnerResult {
  readonly name: RunnerName;
  readonly succeeded: boolean;
  /** All that the runner has printed. */
  readonly output: string;
  readonly counts: Counts;
  /** Undefined if the runner did not come to its end. */
  readonly statistics: Statistics | undefined;
  readonly servers: readonly ServerLife[];
  readonly portUses: readonly PortUseOfTest[];
}

/** What the suites' global setup writes. */
type Statistics = PortAllocationStats & { readonly workers: number };

export type TestOutcome = 'passed' | 'failed' | 'skipped';

interface Runner {
  /** Each has its own way to be told not to use colours. */
  readonly env: Readonly<Record<string, string>>;
  readonly args: (folder: string) => readonly string[];
  readonly readCounts: (report: string) => Counts;
  readonly readPortUses: (report: unknown) => PortUseOfTest[];
}

const runners: Readonly<Record<RunnerName, Runner>> = {
  Playwright: {
    env: { FORCE_COLOR: '0' },
    args: (folder) => ['test', '--config=examples/playwright', '--reporter=list,json', `--output=${folder}`],
    readCounts: readPlaywrightReport,
    readPortUses: playwrightPortUses,
  },
  Vitest: {
    env: { NO_COLOR: '1' },
    args: (folder) => [
      'run',
      '--root=examples/vitest',
      '--reporter=verbose',
      '--reporter=json',
      `--outputFile.json=${reportOf(folder)}`,
    ],
    readCounts: readVitestReport,
    readPortUses: vitestPortUses,
  },
};

/** The two have the same marks for a test that has ended. */
const outcomeOfMark: Readonly<Record<string, TestOutcome>> = {
  '✓': 'passed',
  '✘': 'failed',
  '×': 'failed',
  '-': 'skipped',
  '↓': 'skipped',
};

/** @param folder where the runner may write; made here */
export async function run(
  name: RunnerName,
  folder: string,
  onTestEnd: (outcome: TestOutcome) => void,
): Promise<RunnerResult> {
  mkdirSync(folder);
  // npm puts node_modules/.bin on the PATH, so the runners are found by name.
  const child = spawn(name.toLowerCase(), runners[name].args(path.join(folder, 'report')), {
    env: environmentFor(name, folder),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const lines: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => lines.push(text.trimEnd()));
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    const outcome = outcomeOfMark[/^ {1,2}(\S) /.exec(line)?.[1] ?? ''];
    if (outcome !== undefined) onTestEnd(outcome);
  }
  const [exitCode] = await closed;
  return { name, succeeded: exitCode === 0, output: lines.join('\n'), ...readResults(name, folder) };
}

function environmentFor(name: RunnerName, folder: string): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, NO_COLOR: __, ...inherited } = process.env;
  return {
    ...inherited,
    ...runners[name].env,
    DEMO_FOLDER: folder,
    PLAYWRIGHT_JSON_OUTPUT_FILE: reportOf(path.join(folder, 'report')),
  };
}

function readResults(
  name: RunnerName,
  folder: string,
): Pick<RunnerResult, 'counts' | 'statistics' | 'servers' | 'portUses'> {
  const reportFile = reportOf(path.join(folder, 'report'));
  const report = readJson(reportFile);
  return {
    counts: runners[name].readCounts(reportFile),
    statistics: readJson(path.join(folder, 'statistics.json')) as Statistics | undefined,
    servers: readServerLogs(folder, name),
    portUses: report === undefined ? [] : runners[name].readPortUses(report),
  };
}

function reportOf(folder: string): string {
  return `${folder}.json`;
}

/** undefined if the runner died before it could write the file. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
