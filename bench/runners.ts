/**
 * What the fixtures cost in whole runs of the runners: 200 test files of one trivial test each, and 1,000 tests in one
 * file, with the fixture `port`, with our `test` but without a port, and without portslice. Run: npm run bench:runners
 */
import path from 'node:path';
import { cleanEnvironment } from '../test/support/environment.ts';
import { type Installation, installPackage } from './installation.ts';
import { differences, formatRoughMs, median, printSection } from './report.ts';
import { interleave, wallTimeMs } from './rounds.ts';
import { repetitions } from './scale.ts';
import type { Requirement, Section, Table } from './section.ts';

const FILES: number = repetitions(20, 200);
const TESTS = 1_000;
const WORKERS = 2;
const LIMIT_PER_FILE_MS = 3;
const LIMIT_PER_UNUSED_FILE_MS = 2;
const LIMIT_PER_TEST_MS = 0.15;

/** What the test files import and use. */
type Variant = 'without portslice' | 'our test, no port' | 'with port';

interface Runner {
  readonly name: string;
  /** The runner's own package, and ours. */
  readonly packages: Readonly<Record<'own' | 'ours', string>>;
  /** The name of the configuration, and its contents without and with our pool. */
  readonly config: Readonly<Record<'name' | 'own' | 'ours', string>>;
  readonly testFile: (number: number) => string;
  readonly command: readonly string[];
}

function vitest(pool: 'forks' | 'threads'): Runner {
  const settings = `test: { pool: '${pool}', maxWorkers: ${WORKERS}, reporters: ['dot'] }`;
  return {
    name: `Vitest, ${pool}`,
    packages: { own: 'vitest', ours: 'portslice/vitest' },
    config: {
      name: 'vitest.config.js',
      own: `export default { ${settings} };`,
      ours: `import portslice from 'portslice/vitest/plugin';\nexport default { plugins: [portslice()], ${settings} };`,
    },
    testFile: (number) => `number-${number}.test.js`,
    command: ['node_modules/vitest/vitest.mjs', 'run'],
  };
}

const playwright: Runner = {
  name: 'Playwright',
  packages: { own: '@playwright/test', ours: 'portslice/playwright' },
  config: {
    name: 'playwright.config.js',
    own: `export default { workers: ${WORKERS}, reporter: 'dot' };`,
    ours:
      `import { withPorts } from 'portslice/playwright';\n` +
      `export default withPorts({ workers: ${WORKERS}, reporter: 'dot' });`,
  },
  testFile: (number) => `number-${number}.spec.js`,
  command: ['node_modules/@playwright/test/cli.js', 'test'],
};

interface Shape {
  readonly runner: Runner;
  readonly files: number;
  readonly testsPerFile: number;
  readonly variants: readonly Variant[];
  readonly rounds: number;
  readonly warmUpRounds: number;
}

const ALL = ['without portslice', 'our test, no port', 'with port'] as const;
const TWO = ['without portslice', 'with port'] as const;

/** The longest runs take half a minute, in which much averages out already. */
const SHAPES: readonly Shape[] = [
  { ...manyFiles(vitest('forks')), variants: ALL, rounds: repetitions(1, 2), warmUpRounds: 0 },
  { ...manyFiles(vitest('threads')), variants: TWO, rounds: repetitions(1, 2), warmUpRounds: 0 },
  { ...manyFiles(playwright), variants: ALL, rounds: repetitions(1, 3), warmUpRounds: 1 },
  { ...manyTests(vitest('forks')), variants: TWO, rounds: repetitions(1, 5), warmUpRounds: 1 },
  { ...manyTests(vitest('threads')), variants: TWO, rounds: repetitions(1, 5), warmUpRounds: 1 },
  { ...manyTests(playwright), variants: TWO, rounds: repetitions(1, 3), warmUpRounds: 0 },
];

function manyFiles(runner: Runner): Pick<Shape, 'runner' | 'files' | 'testsPerFile'> {
  return { runner, files: FILES, testsPerFile: 1 };
}

function manyTests(runner: Runner): Pick<Shape, 'runner' | 'files' | 'testsPerFile'> {
  return { runner, files: 1, testsPerFile: TESTS };
}

interface Result {
  readonly shape: Shape;
  readonly timesMs: Readonly<Partial<Record<Variant, readonly number[]>>>;
}

export async function measureRunners(): Promise<Section> {
  using installation = installPackage();
  return describe(SHAPES.map((shape) => measureShape(shape, installation)));
}

function measureShape(shape: Shape, installation: Installation): Result {
  const env = { ...cleanEnvironment(), PWTEST_CACHE_DIR: path.join(installation.dir, 'cache') };
  const folders = shape.variants.map((variant, index) =>
    writeProject(shape, variant, `project-${SHAPES.indexOf(shape)}-${index}`, installation),
  );
  const [entry, ...args] = shape.runner.command as [string, ...string[]];
  const command = [path.join(installation.dir, entry), ...args];
  const times = interleave(folders, shape, (folder) => wallTimeMs(process.execPath, command, env, folder));
  return {
    shape,
    timesMs: Object.fromEntries(shape.variants.map((variant, index) => [variant, times[index]])),
  };
}

/** @returns its folder */
function writeProject(
  { runner, files, testsPerFile }: Shape,
  variant: Variant,
  name: string,
  { dir, write }: Installation,
): string {
  const side = variant === 'without portslice' ? 'own' : 'ours';
  const { packages, config, testFile } = runner;
  write(`${name}/package.json`, '{ "type": "module" }');
  write(`${name}/${config.name}`, config[side]);
  const head = `import { test } from '${packages[side]}';\nimport { expect } from '${packages.own}';\n`;
  const test =
    variant === 'with port'
      ? (title: number) => `test('${title}', ({ port }) => { expect(port.port).toBeGreaterThan(0); });\n`
      : (title: number) => `test('${title}', () => { expect(${title}).toBeGreaterThan(-1); });\n`;
  const tests = Array.from({ length: testsPerFile }, (_, title) => test(title)).join('');
  for (let number = 0; number < files; number++) write(`${name}/${testFile(number)}`, head + tests);
  return path.join(dir, name);
}

function describe(results: readonly Result[]): Section {
  const perFile = results.filter(({ shape }) => shape.files > 1);
  const perTest = results.filter(({ shape }) => shape.testsPerFile > 1);
  return {
    title: 'In the runners',
    method:
      `Whole runs of the installed package, from the start of the runner's command to its end, with ${WORKERS} workers, on Node ` +
      `${process.versions.node}. *Without portslice* imports the runner's own \`test\`, with no plugin and no global setup; *our test, no ` +
      `port* imports ours, with the plugin, and uses no port; *with port* uses \`port\` in each test. The three take turns, in the ` +
      `number of rounds that is given; the times are medians, *more* the medians of the differences of each ` +
      `round. Vitest isolates: each file is a new process or thread.`,
    command: 'npm run bench:runners',
    tables: [
      toTable(`${FILES} files of one test`, 'a file', perFile, FILES),
      toTable(`one file of ${TESTS.toLocaleString('en')} tests`, 'a test', perTest, TESTS),
    ],
    charts: [
      {
        name: 'runner-files',
        title: `${FILES} test files with a port each, more than without portslice`,
        unit: 'ms a file',
        bars: perFile.map((result) => ({
          label: result.shape.runner.name,
          value: median(moreMs(result, 'with port')) / FILES,
          isOurs: true,
        })),
      },
    ],
    requirements: [
      ...perFile
        .filter(({ shape }) => shape.variants.includes('our test, no port'))
        .map((result) =>
          toRequirement(
            result,
            'our test, no port',
            'a test file that uses no port',
            FILES,
            LIMIT_PER_UNUSED_FILE_MS,
          ),
        ),
      ...perFile.map((result) =>
        toRequirement(result, 'with port', `a test file with \`port\``, FILES, LIMIT_PER_FILE_MS),
      ),
      ...perTest.map((result) =>
        toRequirement(result, 'with port', `a test with \`port\``, TESTS, LIMIT_PER_TEST_MS),
      ),
    ],
  };
}

function toTable(what: string, unit: string, results: readonly Result[], count: number): Table {
  const variants = ALL.filter((variant) => results.some(({ timesMs }) => timesMs[variant] !== undefined));
  const ours = variants.filter((variant) => variant !== 'without portslice');
  return {
    header: [what, 'rounds', ...variants, ...ours.map((variant) => `${variant}: more ${unit}`)],
    rows: results.map((result) => [
      result.shape.runner.name,
      String(result.shape.rounds),
      ...variants.map((variant) => cell(result.timesMs[variant], (times) => formatSeconds(median(times)))),
      ...ours.map((variant) =>
        cell(result.timesMs[variant], () => formatRange(moreMs(result, variant), count)),
      ),
    ]),
  };
}

function cell(times: readonly number[] | undefined, format: (times: readonly number[]) => string): string {
  return times === undefined ? '' : format(times);
}

function formatSeconds(timeMs: number): string {
  return `${(timeMs / 1000).toFixed(2)} s`;
}

/** The median of the rounds, and between what they lie. */
function formatRange(timesMs: readonly number[], count: number): string {
  const [least, middle, most] = [Math.min(...timesMs), median(timesMs), Math.max(...timesMs)].map((timeMs) =>
    formatRoughMs(timeMs / count),
  );
  return `${middle} (${least} to ${most})`;
}

/** Round by round. */
function moreMs({ timesMs }: Result, variant: Variant): number[] {
  return differences(timesMs[variant] ?? [], timesMs['without portslice'] ?? []);
}

function toRequirement(
  result: Result,
  variant: Variant,
  what: string,
  count: number,
  limitMs: number,
): Requirement {
  const timeMs = median(moreMs(result, variant)) / count;
  return {
    what: `${result.shape.runner.name}: ${what}`,
    wanted: `less than ${limitMs} ms more`,
    measured: formatRoughMs(timeMs),
    isMet: timeMs < limitMs,
  };
}

if (import.meta.main) await printSection(measureRunners);
