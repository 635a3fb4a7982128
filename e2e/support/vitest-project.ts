/** Projects with Vitest tests: their configuration, their runs and their reports. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type LogEntry, readLog } from './inside.program.ts';
import type { Finished, Program, Project, ProjectFiles, RunOptions } from './project.ts';

const INSIDE = readFileSync(path.join(import.meta.dirname, 'inside.program.ts'), 'utf8');
const SERVER = readFileSync(path.join(import.meta.dirname, 'server.program.ts'), 'utf8');

/** A user's global setup, whose teardown notes what is not free when all tests have ended. */
const NOTE_LEFT_OVERS = `
import { PortPool } from 'portslice';
import { note } from './inside.ts';
export default () => async () => {
  const pool = PortPool.attach();
  const notFree = () => pool.snapshot().filter(({ state }) => state !== 'free');
  // Vitest tears down while its last workers still end, and with them what is theirs.
  const isWorkers = ({ state, label }) => state === 'held' && label.startsWith('worker');
  for (let tries = 0; notFree().some(isWorkers) && tries < 500; tries++) await new Promise((resolve) => setTimeout(resolve, 10));
  const left = notFree();
  note('at the end: ' + JSON.stringify({ left: left.map(({ port, state, label }) => ({ port, state, label })), ...pool.stats() }));
};
`;

/** A project's files: the helpers for the tests inside, and a configuration with the plugin and the given settings. */
export function vitestFiles(settings: string, files: ProjectFiles, pluginOptions = ''): ProjectFiles {
  const config = `
    import { defineConfig } from 'vitest/config';
    import portslice from 'portslice/vitest/plugin';
    export default defineConfig({
      plugins: [portslice(${pluginOptions})],
      test: { testTimeout: 30_000, hookTimeout: 30_000, teardownTimeout: 60_000, globalSetup: import.meta.dirname + '/note-left-overs.ts', ${settings} },
    });
  `;
  return {
    'inside.ts': INSIDE,
    'server.ts': SERVER,
    'note-left-overs.ts': NOTE_LEFT_OVERS,
    'vitest.config.ts': config,
    ...files,
  };
}

/** One test in Vitest's JSON report, as far as our tests look at it. */
export interface VitestResult {
  readonly title: string;
  readonly fullName: string;
  readonly status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo';
  readonly failureMessages: readonly string[] | null;
  readonly meta: {
    readonly portslice?: readonly ReportedUse[];
    readonly portsliceServers?: readonly ReportedServer[];
  };
}

/** What the fixtures write to `task.meta`. */
export interface ReportedUse {
  readonly fixture: string;
  readonly port: number;
  readonly waitedMs: number;
  readonly acquiredAtMs: number;
  readonly releasedAtMs?: number;
  readonly state?: string;
}

export interface ReportedServer {
  readonly fixture: string;
  readonly command: string;
  readonly port: number;
  readonly ports: Readonly<Record<string, number>>;
  readonly pid?: number;
  readonly startedAtMs: number;
  readonly readyAfterMs?: number;
  readonly endedAtMs?: number;
}

export interface EndOfRun {
  readonly left: readonly { readonly port: number; readonly state: string; readonly label: string }[];
  readonly lifetimeTotalAllocatedPorts: number;
  readonly borrowedPorts: number;
  readonly totalServerPorts: number;
  readonly leaks: number;
}

export interface VitestRun extends Finished {
  readonly results: readonly VitestResult[];
  /** The titles of the tests with that status. */
  titles(status: VitestResult['status']): string[];
  /** Of the only test with that title. */
  result(title: string): VitestResult;
  readonly log: readonly LogEntry[];
  /** The texts of notes that begin so, without the beginning. */
  notes(beginning: string): string[];
  /** What the pool said after the last test. */
  end(): EndOfRun;
}

export interface VitestOptions extends RunOptions {
  /** In place of our own Vitest. */
  readonly command?: readonly string[];
}

export function startVitest(
  project: Project,
  args: readonly string[] = [],
  { command = ['vitest'], ...options }: VitestOptions = {},
): Program {
  const [program, ...first] = command as [string, ...string[]];
  const env = { INSIDE_LOG: logPath(project), ...options.env };
  return project.start(program, [...first, ...args], { ...options, env });
}

/** Runs `vitest run`, to its end. */
export async function runVitest(
  project: Project,
  args: readonly string[] = [],
  options: VitestOptions = {},
): Promise<VitestRun> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportPath(project)}`];
  const finished = await startVitest(project, ['run', ...reporters, ...args], options).finished;
  return readVitestRun(project, finished);
}

function readVitestRun(project: Project, finished: Finished): VitestRun {
  const results = readResults(reportPath(project), finished);
  const log = readVitestLog(project);
  const notes = (beginning: string): string[] =>
    log.filter(({ text }) => text.startsWith(beginning)).map(({ text }) => text.slice(beginning.length));
  return {
    ...finished,
    results,
    titles: (status) => results.filter((result) => result.status === status).map(({ title }) => title),
    result: (title) =>
      onlyOne(
        results.filter((result) => result.title === title),
        `test '${title}'`,
      ),
    log,
    notes,
    end: () => JSON.parse(onlyOne(notes('at the end: '), 'note at the end')) as EndOfRun,
  };
}

export function readVitestLog(project: Project): LogEntry[] {
  return readLog(logPath(project));
}

function readResults(report: string, { output }: Finished): VitestResult[] {
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
      testResults: { assertionResults: VitestResult[] }[];
    };
    return testResults.flatMap(({ assertionResults }) => assertionResults);
  } catch (error) {
    throw new Error(`Vitest wrote no report:\n${output}`, { cause: error });
  }
}

function onlyOne<T>(found: readonly T[], what: string): T {
  if (found.length !== 1) throw new Error(`There are ${found.length} of ${what}, not 1`);
  return found[0] as T;
}

function reportPath({ dir }: Project): string {
  return path.join(dir, 'report.json');
}

function logPath({ dir }: Project): string {
  return path.join(dir, 'inside.log');
}
