/** Vitest's reporter: turns its tests into what the report of the ports is made of. */
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';
import { checkReportOptions, DEFAULT_FOLDER, type ReportOptions } from '../../report/report-options.ts';
import { guarded, RunReport } from '../../report/run-report.ts';
import type { ToldTest } from '../../report/told-test.ts';
import { noteReporter, wantReport } from '../report-wanted.ts';
import { shardOf } from './shard.ts';

export default class PortsReporter implements Reporter {
  readonly #folder: string;
  #vitest: Vitest | undefined;

  /** @throws InvalidOptionError */
  constructor(options: ReportOptions = {}) {
    this.#folder = checkReportOptions(options).folder ?? DEFAULT_FOLDER;
    wantReport();
    noteReporter(this);
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const vitest = this.#vitest;
    if (vitest === undefined) return;
    await guarded('there is no report of the ports', () => {
      const report = openReport(vitest, this.#folder);
      for (const [number, module] of modules.entries())
        for (const test of module.children.allTests()) report.add(() => tell(test, number));
      return report.finish();
    });
  }
}

function openReport(vitest: Vitest, folder: string): RunReport {
  const { config, version } = vitest;
  return new RunReport({
    runner: { name: 'vitest', version },
    folder: process.getBuiltinModule('node:path').resolve(config.root, folder),
    root: config.root,
    shard: shardOf(vitest),
    isMerge: config.mergeReports !== undefined,
  });
}

/** @param moduleNumber each module is run by one worker, and merged ones can have the same id */
function tell(test: TestCase, moduleNumber: number): ToldTest {
  const { portslice = [], portsliceServers = [] } = test.meta();
  const { errors = [] } = test.result();
  const { startTime = 0, duration = 0, retryCount = 0 } = test.diagnostic() ?? {};
  const messages = errors.map(({ name, message }) => `${name}: ${message}`);
  return {
    testId: test.id,
    id: `${test.id}-${retryCount}`,
    project: test.project.name,
    file: fileOf(test.module, test.project.vitest),
    line: test.location?.line,
    titles: titlesOf(test),
    outcome: outcomeOf(test, messages),
    retry: retryCount,
    startedAtMs: Math.round(startTime),
    durationMs: Math.round(duration),
    worker: undefined,
    workerKey: String(moduleNumber),
    ports: [() => portslice],
    servers: [() => portsliceServers],
    run: test.module.meta().portsliceRun,
    errors: messages,
  };
}

function fileOf({ moduleId }: TestModule, { config }: Vitest): string {
  const { relative, sep } = process.getBuiltinModule('node:path');
  return relative(config.root, moduleId).replaceAll(sep, '/');
}

function titlesOf(test: TestCase): string[] {
  const titles = [test.name];
  for (let { parent } = test; parent.type === 'suite'; { parent } = parent) titles.unshift(parent.name);
  return titles;
}

function outcomeOf(test: TestCase, messages: readonly string[]): ToldTest['outcome'] {
  const { state } = test.result();
  // Its worker has ended while it ran.
  if (state === 'pending') return wasRunning(test) ? 'interrupted' : 'skipped';
  if (state !== 'failed') return state;
  // Older versions tell it in words alone.
  return messages.some((message) => /^\w*Error: Test timed out in \d+ms/.test(message))
    ? 'timedOut'
    : 'failed';
}

function wasRunning(test: TestCase): boolean {
  const { task } = test as unknown as { readonly task: { readonly result?: { readonly state: string } } };
  return task.result?.state === 'run';
}
