/** What the reporters take beside those of the runners, and the merge of many shards. */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cleanEnvironment } from '../test/support/environment.ts';
import { type Comparison, compare, quantile, repetitions, takeTurns } from './pairs.ts';
import type { Project } from './project.ts';
import { comparisonTable, formatNumber, type Section, type Table } from './report.ts';
import { type Command, timeProcess, type Usage } from './usage.ts';

const PAIRS: number = repetitions(7, 1);
/** Of the runners' own reporters. */
const OTHERS: number = repetitions(2, 0);
const FILES: number = 2;
const TESTS_PER_FILE: number = repetitions(500, 2);
const SHARDS: number = repetitions(32, 1);
const FILES_PER_SHARD = 2;
const TESTS_PER_SHARD_FILE: number = repetitions(250, 2);
const TEST_TIMEOUT_MS = 120_000;

interface Runner {
  readonly name: string;
  readonly configFile: string;
  readonly config: string;
  readonly package: string;
  readonly testFile: (number: number) => string;
  readonly entry: string;
  readonly run: readonly string[];
  readonly merge: (blobs: string) => readonly string[];
  readonly shard: (
    number: number,
    blobs: string,
  ) => { readonly args: readonly string[]; readonly env?: Record<string, string> };
  readonly reporters: (names: readonly string[]) => readonly string[];
  /** Its own ones, to compare with. */
  readonly others: readonly string[];
  readonly ours: string;
}

const PLAYWRIGHT: Runner = {
  name: 'Playwright',
  configFile: 'playwright.config.js',
  config: `import { withPorts } from 'portslice/playwright';\nexport default withPorts({ workers: 2, timeout: ${TEST_TIMEOUT_MS} });\n`,
  package: 'portslice/playwright',
  testFile: (number) => `number-${number}.spec.js`,
  entry: '@playwright/test/cli.js',
  run: ['test'],
  merge: (blobs) => ['merge-reports', blobs],
  shard: (number, blobs) => ({
    args: [`--shard=${number}/${SHARDS}`],
    env: { PLAYWRIGHT_BLOB_OUTPUT_FILE: `${blobs}/${number}.zip` },
  }),
  reporters: (names) => [`--reporter=${names.join()}`],
  others: ['html', 'json'],
  ours: 'portslice/playwright/reporter',
};

const VITEST: Runner = {
  name: 'Vitest',
  configFile: 'vitest.config.js',
  config: `import portslice from 'portslice/vitest/plugin';\nexport default { plugins: [portslice()], test: { maxWorkers: 2, testTimeout: ${TEST_TIMEOUT_MS} } };\n`,
  package: 'portslice/vitest',
  testFile: (number) => `number-${number}.test.js`,
  entry: 'vitest/vitest.mjs',
  run: ['run'],
  merge: (blobs) => ['run', `--merge-reports=${blobs}`],
  shard: (number, blobs) => ({
    args: [`--shard=${number}/${SHARDS}`, `--outputFile.blob=${blobs}/${number}.json`],
  }),
  reporters: (names) => [...names.map((name) => `--reporter=${name}`), '--outputFile.json=report.json'],
  others: ['html', 'json'],
  ours: 'portslice/vitest/reporter',
};

const RUNNERS = [PLAYWRIGHT, VITEST] as const;

export async function measureReports(project: Project): Promise<Section> {
  const runs: Measured[] = [];
  const merges: Measured[] = [];
  for (const runner of RUNNERS) {
    runs.push(...(await measureRuns(runner, project)));
    merges.push(...(await measureMerges(runner, project)));
  }
  const tests = FILES * TESTS_PER_FILE;
  return {
    title: 'Reports',
    method:
      `Whole runs of ${tests} tests in ${FILES} files with 2 workers, each test with \`port\`, with the reporter \`dot\` alone and with one more: the runners' own and ours. ` +
      `*A merge* is of ${SHARDS} shards of ${FILES_PER_SHARD * TESTS_PER_SHARD_FILE} such tests, really run before. *Peak memory* is the largest resident size of the main process: ` +
      'the median, and the median of the differences in pairs.',
    tables: [
      comparisonTable([...runs, ...merges].map(({ comparison }) => comparison)),
      memoryTable([...runs, ...merges]),
    ],
    bars: [],
  };
}

interface UsageWithMemory extends Usage {
  readonly peakMB: number;
}

interface Measured {
  readonly comparison: Comparison;
  readonly subject: readonly UsageWithMemory[];
  readonly base: readonly UsageWithMemory[];
}

function measureRuns(runner: Runner, project: Project): Promise<Measured[]> {
  const folder = writeProject(runner, project, `reports-${runner.name}`, FILES, TESTS_PER_FILE);
  return compareReporters(runner, project, folder, runner.run, 'a run');
}

function measureMerges(runner: Runner, project: Project): Promise<Measured[]> {
  const folder = writeProject(
    runner,
    project,
    `merge-${runner.name}`,
    SHARDS * FILES_PER_SHARD,
    TESTS_PER_SHARD_FILE,
  );
  for (let number = 1; number <= SHARDS; number++) {
    const { args, env = {} } = runner.shard(number, 'blobs');
    const reporter = runner.reporters(['blob']);
    timeProcess(commandOf(runner, project, folder, [...runner.run, ...reporter, ...args], env));
  }
  return compareReporters(runner, project, folder, runner.merge('blobs'), 'a merge');
}

async function compareReporters(
  runner: Runner,
  project: Project,
  folder: string,
  args: readonly string[],
  what: string,
): Promise<Measured[]> {
  const measure = (...names: string[]) => {
    const command = commandOf(runner, project, folder, [...args, ...runner.reporters(['dot', ...names])]);
    return () => timeWithMemory(command, path.join(project.dir, folder, 'peak'));
  };
  const names = [runner.ours, ...runner.others.slice(0, OTHERS)];
  const subjects = Object.fromEntries(names.map((name) => [name, measure(name)]));
  const usages = (await takeTurns(PAIRS, { dot: measure(), ...subjects })) as Record<
    string,
    UsageWithMemory[]
  >;
  return names.map((name) => {
    const [subject, base] = [usages[name] ?? [], usages['dot'] ?? []];
    const question = {
      subject: `${runner.name}: ${what} with \`${name}\``,
      base: '`dot` alone',
      unit: 'ms',
      by: 'difference',
    } as const;
    return { comparison: compare(question, subject, base), subject, base };
  });
}

function memoryTable(measured: readonly Measured[]): Table {
  return {
    header: ['what', 'beside', 'peak memory', 'beside', 'compared'],
    rows: measured.map(({ comparison, subject, base }) => [
      comparison.subject,
      comparison.base,
      `${formatNumber(medianOf(subject))} MB`,
      `${formatNumber(medianOf(base))} MB`,
      `${formatNumber(
        quantile(
          subject.map(({ peakMB }, pair) => peakMB - (base[pair]?.peakMB ?? 0)),
          0.5,
        ),
      )} MB`,
    ]),
  };
}

function medianOf(usages: readonly UsageWithMemory[]): number {
  return quantile(
    usages.map(({ peakMB }) => peakMB),
    0.5,
  );
}

/** @returns the folder */
function writeProject(
  runner: Runner,
  project: Project,
  folder: string,
  files: number,
  testsPerFile: number,
): string {
  project.write(`${folder}/package.json`, '{ "type": "module" }');
  project.write(`${folder}/${runner.configFile}`, runner.config);
  project.write(`${folder}/peak.js`, NOTE_PEAK);
  const tests = Array.from(
    { length: testsPerFile },
    (_, number) => `test('${number}', ({ port }) => void port);\n`,
  );
  for (let number = 0; number < files; number++)
    project.write(
      `${folder}/${runner.testFile(number)}`,
      `import { test } from '${runner.package}';\n${tests.join('')}`,
    );
  return folder;
}

/** In the main process alone, which is the first one that loads it. */
const NOTE_PEAK = `
import { writeFileSync } from 'node:fs';
if (process.env.PEAK_FILE) {
  const file = process.env.PEAK_FILE;
  delete process.env.PEAK_FILE;
  process.on('exit', () => writeFileSync(file, String(process.resourceUsage().maxRSS)));
}
`;

function commandOf(
  { entry }: Runner,
  project: Project,
  folder: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Command {
  const cwd = path.join(project.dir, folder);
  const first = ['--import', './peak.js', path.join(project.dir, 'node_modules', entry)];
  return {
    args: [process.execPath, ...first, ...args],
    env: cleanEnvironment({
      NO_COLOR: '1',
      PLAYWRIGHT_JSON_OUTPUT_NAME: 'report.json',
      PLAYWRIGHT_HTML_OPEN: 'never',
      PWTEST_CACHE_DIR: path.join(project.dir, 'cache'),
      PEAK_FILE: path.join(cwd, 'peak'),
      ...env,
    }),
    cwd,
  };
}

const KILOBYTES_PER_MEGABYTE = 1024;

function timeWithMemory(command: Command, peakFile: string): UsageWithMemory {
  const usage = timeProcess(command);
  const peakMB = Number(readFileSync(peakFile, 'utf8')) / KILOBYTES_PER_MEGABYTE;
  rmSync(peakFile);
  return { ...usage, peakMB };
}
