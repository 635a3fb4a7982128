/** Playwright's reporter: turns its tests into what the report of the ports is made of. */
import type {
  FullConfig,
  FullProject,
  FullResult,
  Reporter,
  TestCase,
  TestResult,
} from '@playwright/test/reporter';
import { checkReportOptions, DEFAULT_FOLDER, type ReportOptions } from '../../report/report-options.ts';
import { guarded, RunReport } from '../../report/run-report.ts';
import type { ToldTest } from '../../report/told-test.ts';
import { wantReport } from '../report-wanted.ts';

/** Playwright adds some of its own to the options of each reporter. */
interface GivenOptions extends ReportOptions {
  readonly configDir?: string;
  readonly onlyFailures?: boolean;
  readonly _mode?: 'test' | 'list' | 'merge';
}

export default class PortsReporter implements Reporter {
  readonly #folder: string;
  readonly #mode: GivenOptions['_mode'];
  /** They may be misspelt, or of a later version of Playwright. */
  readonly #unknownOptions: readonly string[];
  #report: RunReport | undefined;
  /** Of merged shards each has projects of its own. */
  readonly #projects = new Map<FullProject | undefined, number>();

  /** @throws InvalidOptionError */
  constructor(given: GivenOptions = {}) {
    const { configDir = process.cwd(), onlyFailures: _, _mode: mode, folder: asked, ...others } = given;
    const { folder = DEFAULT_FOLDER } = checkReportOptions({ folder: asked });
    this.#folder = process.getBuiltinModule('node:path').resolve(configDir, folder);
    this.#mode = mode;
    this.#unknownOptions = Object.keys(others).filter((name) => !name.startsWith('_'));
    if (mode !== 'merge') wantReport();
  }

  printsToStdio(): boolean {
    return false;
  }

  onBegin({ version, rootDir, shard }: FullConfig): void {
    if (this.#mode === 'list') return;
    void guarded(NO_REPORT, () => {
      this.#report = new RunReport({
        runner: { name: 'playwright', version },
        folder: this.#folder,
        root: rootDir,
        shard: shard ?? undefined,
        isMerge: this.#mode === 'merge',
      });
    });
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    const report = this.#report;
    const link = report?.linkTo(report.add(() => this.#tell(test, result)));
    if (link !== undefined) showLink(test, result, link);
  }

  async onEnd(_result: FullResult): Promise<void> {
    await guarded(NO_REPORT, () => this.#report?.finish(this.#unknownOptions));
  }

  #tell(test: TestCase, result: TestResult): ToldTest {
    const { id, location, parent } = test;
    const { status, retry, parallelIndex, workerIndex, startTime, duration, errors } = result;
    const [, , file = location.file, ...titles] = test.titlePath();
    const project = parent.project();
    return {
      testId: id,
      id: `${id}-${retry}`,
      project: project?.name ?? '',
      file: file.replaceAll('\\', '/'),
      line: location.line,
      titles,
      outcome: status,
      retry,
      startedAtMs: startTime.getTime(),
      durationMs: Math.round(duration),
      worker: parallelIndex,
      workerKey: `${this.#numberOf(project)} ${workerIndex}`,
      ports: attached(result, 'portslice').map((read) => () => JSON.parse(read()) as unknown),
      servers: attached(result, 'portslice-servers').map((read) => () => JSON.parse(read()) as unknown),
      run: attached(result, '_portslice-run').map((read) => ({ facts: read() }))[0],
      errors: errors.map(({ message }) => message ?? ''),
    };
  }

  #numberOf(project: FullProject | undefined): number {
    const number = this.#projects.get(project) ?? this.#projects.size;
    this.#projects.set(project, number);
    return number;
  }
}

/** In Playwright's own reports, and first of all in the HTML one, which makes links of web addresses only. */
function showLink(test: TestCase, { annotations }: Partial<TestResult>, link: string): void {
  // One list in some versions, and in others two.
  for (const shown of new Set([test.annotations, annotations ?? test.annotations]))
    shown.push({ type: 'ports report', description: link });
}

const NO_REPORT = 'there is no report of the ports';

function attached({ attachments }: TestResult, name: string): (() => string)[] {
  return attachments
    .filter((attachment) => attachment.name === name)
    .map(
      ({ body }) =>
        () =>
          textOf(body),
    );
}

function textOf(body: Buffer | undefined): string {
  if (body === undefined) throw new TypeError('an attachment of portslice has no body');
  return body.toString('utf8');
}
