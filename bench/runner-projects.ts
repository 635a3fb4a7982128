/** Projects of the runners with tests that use portslice, or do not. */
import path from 'node:path';
import { cleanEnvironment } from '../test/support/environment.ts';
import type { Project } from './project.ts';
import type { Command } from './usage.ts';

/** What the test files import and use. */
export type Variant = 'without portslice' | 'our test, no port' | 'with port';

export interface Runner {
  readonly name: string;
  /** The runner's own package, and ours. */
  readonly own: string;
  readonly ours: string;
  readonly configFile: string;
  /** The configuration without our pool and with it. */
  readonly config: (workers: number, variant: Variant) => string;
  readonly testFile: (number: number) => string;
  readonly command: readonly string[];
}

export interface RunShape {
  readonly files: number;
  readonly testsPerFile: number;
  readonly workers: number;
  readonly variant: Variant;
  /** Which of the runs that go at the same time: each has a folder of its own, since Playwright keeps the files of a run in it. */
  readonly run?: number;
}

/** On a machine that is too busy a test is late, but has not failed. */
const TEST_TIMEOUT_MS = 120_000;

function vitest(pool: 'forks' | 'threads'): Runner {
  return {
    name: `Vitest, ${pool}`,
    own: 'vitest',
    ours: 'portslice/vitest',
    configFile: 'vitest.config.js',
    config: (workers, variant) => {
      const settings = `test: { pool: '${pool}', maxWorkers: ${workers}, reporters: ['dot'], testTimeout: ${TEST_TIMEOUT_MS} }`;
      return variant === 'without portslice'
        ? `export default { ${settings} };`
        : `import portslice from 'portslice/vitest/plugin';\nexport default { plugins: [portslice()], ${settings} };`;
    },
    testFile: (number) => `number-${number}.test.js`,
    command: ['vitest/vitest.mjs', 'run'],
  };
}

const playwright: Runner = {
  name: 'Playwright',
  own: '@playwright/test',
  ours: 'portslice/playwright',
  configFile: 'playwright.config.js',
  config: (workers, variant) => {
    const settings = `{ workers: ${workers}, reporter: 'dot', timeout: ${TEST_TIMEOUT_MS} }`;
    return variant === 'without portslice'
      ? `export default ${settings};`
      : `import { withPorts } from 'portslice/playwright';\nexport default withPorts(${settings});`;
  },
  testFile: (number) => `number-${number}.spec.js`,
  command: ['@playwright/test/cli.js', 'test'],
};

export const RUNNERS = {
  forks: vitest('forks'),
  threads: vitest('threads'),
  playwright,
} as const satisfies Readonly<Record<string, Runner>>;

const TESTS: Readonly<Record<Variant, (title: number) => string>> = {
  'without portslice': (title) => `test('${title}', () => { expect(${title}).toBeGreaterThan(-1); });\n`,
  'our test, no port': (title) => `test('${title}', () => { expect(${title}).toBeGreaterThan(-1); });\n`,
  'with port': (title) => `test('${title}', ({ port }) => { expect(port.port).toBeGreaterThan(0); });\n`,
};

/** @param test the code of one, instead of a trivial one. @returns the command that runs the project's tests */
export function writeRun(
  runner: Runner,
  shape: RunShape,
  project: Project,
  test = TESTS[shape.variant],
): Command {
  const { files, testsPerFile, workers, variant, run = 0 } = shape;
  const folder = [runner.name, files, testsPerFile, workers, variant, run]
    .join('-')
    .replaceAll(/[ ,]+/g, '-');
  const source = variant === 'without portslice' ? runner.own : runner.ours;
  const head = `import { test } from '${source}';\nimport { expect } from '${runner.own}';\nimport http from 'node:http';\n`;
  const tests = Array.from({ length: testsPerFile }, (_, title) => test(title)).join('');
  project.write(`${folder}/package.json`, '{ "type": "module" }');
  project.write(`${folder}/${runner.configFile}`, runner.config(workers, variant));
  for (let number = 0; number < files; number++)
    project.write(`${folder}/${runner.testFile(number)}`, head + tests);
  const [entry = '', ...args] = runner.command;
  return {
    args: [process.execPath, path.join(project.dir, 'node_modules', entry), ...args],
    env: cleanEnvironment({ NO_COLOR: '1', PWTEST_CACHE_DIR: path.join(project.dir, 'cache') }),
    cwd: path.join(project.dir, folder),
  };
}
