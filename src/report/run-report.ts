/**
 * The report of a run, from its first test to its files: what the reporters of all runners do. Whatever goes wrong in it is told in one
 * line, and nothing else: a report must never fail a run.
 */
import { countText } from '../core/count-text.ts';
import { harmless } from '../errors/index.ts';
import { type Collected, ReportCollector } from './collect.ts';
import { findForeignListeners } from './foreign-listeners.ts';
import type { MachineReport, PortsReport, TestReport } from './format.ts';
import { addToJobSummary, gitHubWarnings } from './github.ts';
import { factsOfOwnRun, findLostPorts, publishOwnRun, readThisMachine } from './own-run.ts';
import { ownVersion } from './own-version.ts';
import { summaryLines } from './summary-lines.ts';
import type { ToldTest } from './told-test.ts';
import { PAGE_FILE, writeReport } from './write-report.ts';

export { publishOwnRun };

export interface RunReportOptions {
  readonly runner: PortsReport['runner'];
  /** An absolute path. */
  readonly folder: string;
  /** To which the files of the tests are relative. */
  readonly root: string;
  readonly shard: MachineReport['shard'];
  /** Whether the tests have run elsewhere. */
  readonly isMerge: boolean;
}

const ERROR_LENGTH = 500;

export class RunReport {
  readonly #options: RunReportOptions;
  readonly #collector: ReportCollector;

  /** Made after the global setup, before which nothing is known of the run. */
  constructor(options: RunReportOptions) {
    this.#options = options;
    this.#collector = new ReportCollector(options.isMerge ? undefined : factsOfOwnRun(options.shard));
  }

  /** @param tell of a test that has ended: whatever it throws is told at the end */
  add(tell: () => ToldTest): TestReport | undefined {
    return this.#collector.add(tell);
  }

  /** Where the page shows the test; undefined: there is nothing to look at. */
  linkTo(test: TestReport | undefined): string | undefined {
    if (test === undefined || !isRemarkable(test)) return undefined;
    return `${shownPath(this.#options.folder, PAGE_FILE)}#test=${encodeURIComponent(test.id)}`;
  }

  /** Prints and writes it. @param unknownOptions that the reporter was given */
  async finish(unknownOptions: readonly string[] = []): Promise<void> {
    const { runner, isMerge, folder } = this.#options;
    const collected = this.#collector.finish({
      here: readThisMachine(),
      generator: { name: 'portslice', version: ownVersion() },
      runner,
      ownRun: isMerge ? undefined : { findForeignListeners, findLostPorts },
    });
    const { report, damaged } = collected;
    print(summaryLines(report));
    for (const name of unknownOptions)
      print([`portslice: '${harmless(name)}' is no option of the reporter, which takes 'folder' only`]);
    if (damaged.count > 0) tellDamage(damaged);
    await guarded('GitHub is not told of the ports', () => print(gitHubWarnings(collected, this.#options)));
    await guarded('the summary of the job lacks the ports', () => addToJobSummary(collected));
    await guarded('the report of the ports is not written', async () => {
      // Some hundred kilobytes of code, which is in the built package alone.
      const { renderPage } = await import('./page/render-page.ts');
      writeReport(folder, report, renderPage);
      print([`portslice: report in ${shownPath(folder, PAGE_FILE)}`]);
    });
  }
}

function isRemarkable({ outcome, ports }: TestReport): boolean {
  const hasFailed = outcome !== 'passed' && outcome !== 'skipped';
  return hasFailed || ports.some(({ state, waitedMs }) => state === 'leaked' || waitedMs > 0);
}

function tellDamage({ count, example }: Collected['damaged']): void {
  print([
    `portslice: the report lacks ${countText(count, 'part')} that cannot be read: ${describe(example)}`,
  ]);
}

/** Whatever is thrown is told in one line. */
export async function guarded(what: string, act: () => unknown): Promise<void> {
  try {
    await act();
  } catch (error) {
    print([`portslice: ${what}: ${describe(error)}`]);
  }
}

function describe(error: unknown): string {
  try {
    return harmless(error instanceof Error ? error.message : String(error), ERROR_LENGTH);
  } catch {
    return 'an error that cannot be shown';
  }
}

function print(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

function shownPath(folder: string, file: string): string {
  const { join, relative } = process.getBuiltinModule('node:path');
  const full = join(folder, file);
  const short = relative(process.cwd(), full);
  return harmless(short.startsWith('..') ? full : short);
}
