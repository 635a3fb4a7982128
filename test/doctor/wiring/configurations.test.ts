/** What the doctor tells of the configurations of runners, of their versions, and of TypeScript. */
import { describe, expect, test } from 'vitest';
import { createUsersProject, type UsersFiles } from './project.ts';

type Expected = readonly [outcome: 'ok' | 'warning' | 'failed', text: RegExp];

async function expectFinding(files: UsersFiles, name: string, [outcome, text]: Expected): Promise<void> {
  using project = createUsersProject(files);
  const found = await project.find(name);
  expect(found).toMatchObject({ name, outcome, finding: expect.stringMatching(text) as string });
  const advice = found === undefined || found.outcome === 'ok' ? 'None.' : found.advice;
  expect(advice).toMatch(/^[A-Z].*\.$/);
}

const PLAYWRIGHT = { '@playwright/test': '1.65.1' };
const WITH_PORTS = `import { defineConfig } from '@playwright/test';\nimport { withPorts } from 'portslice/playwright';\n`;

describe('The configuration of Playwright', () => {
  test.for<readonly [what: string, config: string, ...Expected]>([
    [
      'calls withPorts',
      `${WITH_PORTS}export default withPorts(defineConfig({}));`,
      'ok',
      /^playwright\.config\.ts makes one pool for all workers, by withPorts\(\)$/,
    ],
    [
      'calls withPorts under another name',
      `import { withPorts as ports } from 'portslice/playwright';\nexport default ports({});`,
      'ok',
      /by withPorts\(\)$/,
    ],
    [
      'names the global setup',
      `export default { globalSetup: [require.resolve('portslice/playwright/global-setup')] };`,
      'ok',
      /by portslice\/playwright\/global-setup$/,
    ],
    [
      'has it in a comment only',
      `import { defineConfig } from '@playwright/test';\n// export default withPorts(defineConfig({}));\nexport default defineConfig({});`,
      'warning',
      /^playwright\.config\.ts does not use withPorts\(\) of portslice\/playwright, so each worker/,
    ],
    [
      'imports withPorts and does not call it',
      `${WITH_PORTS}export default defineConfig({});`,
      'warning',
      /^It was not recognised whether playwright\.config\.ts uses withPorts\(\)/,
    ],
    [
      'hides it in a namespace',
      `import * as portslice from 'portslice/playwright';\nexport default portslice[name]({});`,
      'warning',
      /^It was not recognised whether/,
    ],
    [
      'is made by a package that may do it',
      `import { preset } from '@acme/playwright-preset';\nexport default preset({});`,
      'warning',
      /^It was not recognised that .*: only @acme\/playwright-preset could add it$/,
    ],
  ])('is understood if it %s', async ([, config, ...expected]) => {
    const files = { 'playwright.config.ts': config };
    await expectFinding({ files, packages: PLAYWRIGHT }, 'playwright-config', expected);
  });

  test('is followed into the files of the project that it imports', async () => {
    const files = {
      'playwright.config.mts': `import base from './config/base.js';\nexport default base;`,
      'config/base.ts': `import { wrap } from './wrap';\nexport default wrap({});`,
      'config/wrap/index.ts': `${WITH_PORTS}export const wrap = (config) => withPorts(config);`,
    };
    await expectFinding({ files, packages: PLAYWRIGHT }, 'playwright-config', [
      'ok',
      /^playwright\.config\.mts, by config\/wrap\/index\.ts, makes one pool/,
    ]);
  });

  test('is a failure where portslice is not installed for it', async () => {
    const files = { 'playwright.config.ts': `${WITH_PORTS}export default withPorts(defineConfig({}));` };
    await expectFinding({ files, packages: PLAYWRIGHT, hasPortslice: false }, 'playwright-config', [
      'failed',
      /^playwright\.config\.ts imports portslice, which is not installed there$/,
    ]);
  });

  test('is a failure where the portslice that is installed for it has no global setup', async () => {
    const files = {
      'playwright.config.ts': `${WITH_PORTS}export default withPorts(defineConfig({}));`,
      'node_modules/portslice/package.json': '{ "name": "portslice", "version": "0.0.1" }',
    };
    await expectFinding({ files, packages: PLAYWRIGHT, hasPortslice: false }, 'playwright-config', [
      'failed',
      /^playwright\.config\.ts uses portslice\/playwright\/global-setup, which the portslice .* does not have$/,
    ]);
  });

  test('is missed only where the project asks for Playwright', async () => {
    await expectFinding({ packages: PLAYWRIGHT }, 'playwright-config', [
      'warning',
      /^Playwright has no configuration here/,
    ]);
    using project = createUsersProject({ files: { 'part/package.json': '{}' }, packages: PLAYWRIGHT });
    expect(await project.find('playwright-config', 'part')).toBeUndefined();
    expect(await project.find('playwright', 'part')).toMatchObject({ outcome: 'ok' });
  });

  test('that cannot be read is told of by its name', async () => {
    // Root may read every file, but a folder is none.
    await expectFinding(
      { packages: PLAYWRIGHT, files: { 'playwright.config.ts/a.ts': '' } },
      'playwright-config',
      [
        'warning',
        /^playwright\.config\.ts cannot be read, so that it is not known whether it uses withPorts/,
      ],
    );
  });

  test('is not executed', async () => {
    const files = { 'playwright.config.ts': `${WITH_PORTS}process.exit(9); export default withPorts({});` };
    await expectFinding({ files, packages: PLAYWRIGHT }, 'playwright-config', ['ok', /by withPorts/]);
  });
});

describe('The configuration of Vitest', () => {
  const PLUGIN = `import { defineConfig } from 'vitest/config';\nimport portslice from 'portslice/vitest/plugin';\n`;

  test.for<readonly [what: string, files: Record<string, string>, ...Expected]>([
    [
      'has the plugin',
      { 'vitest.config.ts': `${PLUGIN}export default defineConfig({ plugins: [portslice()] });` },
      'ok',
      /^vitest\.config\.ts makes one pool for all workers, by the plugin$/,
    ],
    [
      'has it in the configuration of Vite',
      { 'vite.config.js': `${PLUGIN}export default defineConfig({ plugins: [react(), portslice({})] });` },
      'ok',
      /^vite\.config\.js makes/,
    ],
    [
      'is not that of Vite, which has it',
      {
        'vite.config.js': `${PLUGIN}export default defineConfig({ plugins: [portslice()] });`,
        'vitest.config.js': `import { defineConfig } from 'vitest/config';\nexport default defineConfig({});`,
      },
      'warning',
      /^vitest\.config\.js does not use the plugin/,
    ],
    [
      'names the global setup',
      { 'vitest.config.ts': `export default { test: { globalSetup: 'portslice/vitest/global-setup' } };` },
      'ok',
      /by portslice\/vitest\/global-setup$/,
    ],
    [
      'has projects, which may have it',
      { 'vitest.config.ts': `export default { test: { projects: ['packages/*'] } };` },
      'warning',
      /^It was not recognised that .*: only one of its projects could add it$/,
    ],
    [
      'has many plugins',
      {
        'vite.config.ts': `import a from 'a'; import b from 'b'; import c from 'c'; import d from 'd'; import e from 'e';`,
      },
      'warning',
      /only a or b or c or 2 more could add it$/,
    ],
  ])('is understood if it %s', async ([, files, ...expected]) => {
    await expectFinding({ files, packages: { vitest: '5.1.1' } }, 'vitest-config', expected);
  });
});

describe('The version of a runner', () => {
  test.for<readonly [packages: Record<string, string>, name: string, ...Expected]>([
    [{ '@playwright/test': '1.65.1' }, 'playwright', 'ok', /^Playwright 1\.65\.1 is supported$/],
    [{ '@playwright/test': '1.49.1' }, 'playwright', 'failed', /^Playwright 1\.49\.1 is too old$/],
    [{ playwright: '1.50.0' }, 'playwright', 'ok', /^Playwright 1\.50\.0 is supported$/],
    [{ vitest: '3.1.4' }, 'vitest', 'failed', /^Vitest 3\.1\.4 is too old$/],
    [{ vitest: '3.2.0' }, 'vitest', 'ok', /is supported$/],
    [{ vitest: '10.0.0-beta.1' }, 'vitest', 'ok', /is supported$/],
    [{ tinypool: '1.0.2' }, 'tinypool', 'failed', /^tinypool 1\.0\.2 is too old$/],
  ])('is looked at: %j', async ([packages, name, ...expected]) => {
    await expectFinding({ packages }, name, expected);
  });

  test('of tinypool is of no interest where only others ask for it', async () => {
    using project = createUsersProject({
      files: { 'node_modules/tinypool/package.json': '{ "name": "tinypool", "version": "1.0.0" }' },
    });
    expect(await project.find('tinypool')).toBeUndefined();
  });

  test('is none in a project without a runner, which is no failure', async () => {
    using project = createUsersProject({});
    const { verdict, results } = await project.look();
    expect(results.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
    expect(verdict).toBe('ok');
    expect(results.map(({ finding }) => finding).join('\n')).toContain('No test runner is installed here');
  });

  test('of Playwright that hangs on this Node is told of', async () => {
    const packages = { '@playwright/test': '1.52.0', 'playwright-core': '1.52.0' };
    await expectFinding({ packages }, 'runtime', ['warning', /^Playwright 1\.52\.0 hangs on Node /]);
  });
});

function options(compilerOptions: object, more: object = {}): string {
  return JSON.stringify({ compilerOptions, ...more });
}

describe('A tsconfig.json', () => {
  test.for<readonly [what: string, files: Record<string, string>, ...Expected]>([
    ['nodenext', { 'tsconfig.json': options({ module: 'NodeNext' }) }, 'ok', /is nodenext$/],
    ['bundler', { 'tsconfig.json': options({ moduleResolution: 'Bundler' }) }, 'ok', /is bundler$/],
    ['preserve', { 'tsconfig.json': options({ module: 'preserve' }) }, 'ok', /is bundler$/],
    [
      'node',
      { 'tsconfig.json': options({ moduleResolution: 'node' }) },
      'warning',
      /^With moduleResolution node of tsconfig\.json TypeScript does not find portslice \(TS2307\)$/,
    ],
    [
      'commonjs in TypeScript 5',
      { 'tsconfig.json': options({ module: 'commonjs' }) },
      'warning',
      /^With moduleResolution node10/,
    ],
    [
      'esnext in TypeScript 5',
      { 'tsconfig.json': options({ module: 'esnext' }) },
      'warning',
      /^With moduleResolution classic/,
    ],
    ['nothing in TypeScript 5', { 'tsconfig.json': '{}' }, 'warning', /node10/],
    [
      'comments and commas',
      {
        'tsconfig.json':
          '\ufeff{\n// "moduleResolution": "node",\n"compilerOptions": { /* , */ "paths": { "@/*": ["./*", ], }, "module": "node20", }, }',
      },
      'ok',
      /is node20$/,
    ],
    [
      'bases, of which the later one counts',
      {
        'tsconfig.json': JSON.stringify({ extends: ['./old', '@acme/base'] }),
        'old.json': options({ moduleResolution: 'node10' }),
        'node_modules/@acme/base/tsconfig.json': options({ moduleResolution: 'bundler' }),
      },
      'ok',
      /is bundler$/,
    ],
    [
      'a base that is not there',
      { 'tsconfig.json': JSON.stringify({ extends: '@acme/none' }) },
      'warning',
      /^It was not recognised .*: @acme\/none, which it extends, is not found$/,
    ],
    [
      'bases that extend each other',
      { 'tsconfig.json': options({ module: 'nodenext' }, { extends: './tsconfig.json' }) },
      'ok',
      /is nodenext$/,
    ],
    ['no JSON', { 'tsconfig.json': '{' }, 'warning', /is no JSON$/],
    [
      'nothing but parts, as Vite has it',
      {
        'tsconfig.json': JSON.stringify({
          files: [],
          references: [{ path: './tsconfig.app.json' }, { path: './node' }],
        }),
        'tsconfig.app.json': options({ moduleResolution: 'bundler' }),
        'node/tsconfig.json': options({ module: 'node16' }),
      },
      'ok',
      /is bundler and node16$/,
    ],
    [
      'a part that does not find it',
      {
        'tsconfig.json': JSON.stringify({ files: [], references: [{ path: './tsconfig.app.json' }] }),
        'tsconfig.app.json': options({ moduleResolution: 'node' }),
      },
      'warning',
      /of tsconfig\.app\.json/,
    ],
  ])('is understood with %s', async ([, files, ...expected]) => {
    await expectFinding({ files, packages: { typescript: '5.9.3' } }, 'typescript', expected);
  });

  test('needs nothing in TypeScript 7', async () => {
    const files = { 'tsconfig.json': options({ module: 'esnext' }) };
    await expectFinding({ files, packages: { typescript: '7.0.2' } }, 'typescript', ['ok', /is bundler$/]);
  });

  test('is looked for up to the folder of the package', async () => {
    using project = createUsersProject({
      files: { 'tsconfig.json': '{}', 'a/package.json': '{}', 'a/b/c.ts': '' },
    });
    expect(await project.find('typescript', 'a/b')).toBeUndefined();
    expect(await project.find('typescript')).toMatchObject({ outcome: 'ok' });
  });
});
