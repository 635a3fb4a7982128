import { existsSync } from 'node:fs';
import path from 'node:path';
import { playwrightFiles, runPlaywright } from './support/playwright-project.ts';
import { expect, test } from './support/project.ts';
import { expectAllReleased } from './support/what-is-left.ts';

const ONE_TEST = `
  import { expect, test } from 'portslice/playwright';
  import { PortPool } from 'portslice';
  import { note, serve, close } from './inside.ts';

  test('a test', async ({ port }) => {
    note('test', port);
    await close(await serve(port));
    test.info().attach('pool', { body: JSON.stringify(PortPool.attach().ports.toSorted()) });
  });
`;

/** Uses ports as a user's own set-up does, and says from which slice they came. */
const userSetup = (name: string): string => `
  import { PortPool, TCPPortOwner } from 'portslice';
  import { close, isLocked, note, serve } from './inside.ts';

  export default async function setup() {
    const owner = new TCPPortOwner({ label: '${name}' });
    const record = PortPool.attach().snapshot().find(({ port }) => port === owner.port);
    note('${name} up in slice ' + record.slice + ' for ' + record.label, owner);
    const server = await serve(owner);
    return async () => {
      await close(server);
      owner.cleanup();
      note('${name} down, pool ' + PortPool.attach().stats().currentlyAllocatedPorts, owner);
    };
  }
`;

/** Says what is left in the main process when all teardowns have run. */
const REPORTER_AT_THE_END = `
  import { readFileSync } from 'node:fs';
  import { note } from './inside.ts';
  export default class {
    onEnd() {
      const beacon = readFileSync('/proc/net/unix', 'utf8').includes('@portslice/pool/' + process.pid + '/');
      note('end, pool ' + process.env.PORTSLICE_POOL + ', beacon ' + beacon);
    }
  }
`;

for (const { kind, globalSetup, names } of [
  { kind: 'a path', globalSetup: `'./one.ts'`, names: ['one'] },
  { kind: 'a list', globalSetup: `['./one.ts', './two.ts']`, names: ['one', 'two'] },
]) {
  test(`withPorts keeps the user's own global setup: ${kind}`, async ({ createProject }) => {
    const files = playwrightFiles(`globalSetup: ${globalSetup}, globalTeardown: './teardown.ts'`, {
      'one.ts': userSetup('one'),
      'two.ts': userSetup('two'),
      'teardown.ts': `import { note } from './inside.ts'; export default () => note('global teardown');`,
      'end.ts': REPORTER_AT_THE_END,
      'a.spec.ts': ONE_TEST,
    });
    const project = await createProject(files);
    const run = await runPlaywright(project, ['--reporter=json,./end.ts']);
    expect(run.exitCode, run.output).toBe(0);
    const notes = run.log.filter(({ event }) => event === 'note');
    expect(notes.map(({ text }) => text)).toEqual([
      ...names.map((name) => `${name} up in slice 0 for ${name}`),
      'test',
      ...names.toReversed().map((name, index) => `${name} down, pool ${names.length - 1 - index}`),
      'global teardown',
      'end, pool undefined, beacon false',
    ]);
    const portsUsed = notes.filter(({ port }) => port !== 0).map(({ port }) => port);
    expect(new Set(portsUsed).size).toBe(names.length + 1);
    await expectAllReleased(project);
  });
}

test('withPorts takes the promise of a configuration, and its options decide about the pool', async ({
  createProject,
}) => {
  const project = await createProject({});
  const { firstPort } = project.ports;
  const files = playwrightFiles('', {
    'playwright.config.ts': `
      import { withPorts } from 'portslice/playwright';
      const config = Promise.resolve({ retries: 3 });
      export default withPorts(config, { ports: '${firstPort}-${firstPort + 4}', excludedPorts: [${firstPort + 1}] });
    `,
    'a.spec.ts': `${ONE_TEST}
      test('retries', ({}, testInfo) => expect(testInfo.project.retries).toBe(3));
    `,
  });
  project.write(files);
  const run = await runPlaywright(project);
  expect(run.exitCode, run.output).toBe(0);
  const pool = run.result('a test').attachments.find(({ name }) => name === 'pool');
  const expected = [0, 2, 3, 4].map((offset) => firstPort + offset);
  expect(JSON.parse(atob(pool?.body ?? ''))).toEqual(expected);
});

test('a bad specification ends the run with its typed message, before any test', async ({
  createProject,
}) => {
  const touch = `
    import { writeFileSync } from 'node:fs';
    import { test } from 'portslice/playwright';
    test('a test', () => writeFileSync('it-ran', ''));
  `;
  const project = await createProject(playwrightFiles('', { 'a.spec.ts': touch }));
  for (const [env, message] of [
    [{ PORTSLICE_PORTS: '2000-2010,abc' }, /PortSpecError: PORTSLICE_PORTS: 'abc' /],
    [{ PORTSLICE_PORTS: '6000', PYSYS_PORTS: '2000' }, /PortSpecError: PORTSLICE_PORTS: no port is left/],
  ] as const) {
    const run = await runPlaywright(project, [], { env });
    expect(run.exitCode).toBe(1);
    expect(run.output).toMatch(message);
  }
  expect(existsSync(path.join(project.dir, 'it-ran'))).toBe(false);

  // Listing tests makes no pool: the specification is not read and no native code loaded.
  const list = await project.run('playwright', ['test', '--list'], {
    env: { PORTSLICE_PORTS: 'abc', NODE_OPTIONS: '--no-addons' },
  });
  expect(list.output).toContain('Total: 1 test in 1 file');
  expect(list.exitCode).toBe(0);
});

test('the global setup is named by its path in a configuration of CommonJS', async ({ createProject }) => {
  const files = playwrightFiles('', {
    'package.json': '{ "type": "commonjs" }',
    'playwright.config.ts': '',
    'playwright.config.cjs': `
      module.exports = { globalSetup: 'portslice/playwright/global-setup', workers: 1 };
    `,
    'a.spec.cjs': `
      const { test, expect } = require('portslice/playwright');
      const { PortPool } = require('portslice');
      test('a test', async ({ port, workerPort }) => {
        const records = PortPool.attach().snapshot().filter(({ state }) => state === 'held');
        expect(records.map(({ port }) => port).toSorted()).toEqual([port.port, workerPort.port].toSorted());
        expect(new Set(records.map(({ slice }) => slice))).toEqual(new Set([1]));
      });
    `,
  });
  const project = await createProject(files);
  const run = await runPlaywright(project, ['-c', 'playwright.config.cjs']);
  expect(run.titles('passed'), run.output).toEqual(['a test']);
  expect(run.output).not.toContain('PORTSLICE');

  project.write({
    'playwright.config.cjs': `
      const { withPorts } = require('portslice/playwright');
      module.exports = withPorts({ workers: 1 });
    `,
  });
  const wrapped = await runPlaywright(project, ['-c', 'playwright.config.cjs']);
  expect(wrapped.titles('passed'), wrapped.output).toEqual(['a test']);
});

test('without a global setup the fixtures use a private pool and say so once', async ({ createProject }) => {
  const files = playwrightFiles('', {
    'playwright.config.ts': 'export default { workers: 1 };',
    'a.spec.ts': `
      import { test } from 'portslice/playwright';
      import { close, serve } from './inside.ts';
      for (const title of ['one', 'two', 'three']) {
        test(title, async ({ port, workerPort }) => {
          for (const owner of [port, workerPort]) await close(await serve(owner));
        });
      }
    `,
  });
  const project = await createProject(files);
  const run = await runPlaywright(project);
  expect(run.titles('passed'), run.output).toHaveLength(3);
  expect(run.output.match(/PORTSLICE_NO_POOL/g)).toHaveLength(1);
  expect(new Set(run.log.map(({ port }) => port)).size).toBe(4);
  await expectAllReleased(project);
});

test('a web server gets a port in the configuration, on which all processes agree', async ({
  createProject,
}) => {
  const project = await createProject({});
  const { firstPort } = project.ports;
  const files = playwrightFiles('', {
    'playwright.config.ts': `
      import { defineConfig } from '@playwright/test';
      import { TCPPortOwner } from 'portslice';
      import { withPorts } from 'portslice/playwright';
      const webPort = Number((process.env.WEB_PORT ??= String(new TCPPortOwner().port)));
      export default withPorts(defineConfig({
        workers: 2,
        fullyParallel: true,
        use: { baseURL: 'http://localhost:' + webPort },
        webServer: { command: 'node web.ts', url: 'http://localhost:' + webPort },
      }));
    `,
    'web.ts': `
      import { createServer } from 'node:http';
      const port = Number(process.env.WEB_PORT);
      createServer((_, response) => response.end('web server on ' + port)).listen(port);
    `,
    'a.spec.ts': `
      import { expect, test } from 'portslice/playwright';
      for (const title of ['one', 'two', 'three', 'four']) {
        test(title, async ({ request, baseURL, ports }) => {
          test.info().attach('url', { body: baseURL });
          const response = await request.get('/');
          expect(baseURL.split(':')[2]).toBe(process.env.WEB_PORT);
          expect(await response.text()).toBe('web server on ' + process.env.WEB_PORT);
          // Of five ports the web server has one: the tests never get it.
          const others = await ports.acquireMany(4);
          expect(others.map(({ port }) => port)).not.toContain(Number(process.env.WEB_PORT));
        });
      }
    `,
  });
  project.write(files);
  const run = await runPlaywright(project, [], {
    env: { PORTSLICE_PORTS: `${firstPort}-${firstPort + 4}` },
  });
  expect(run.titles('passed'), run.output).toHaveLength(4);
  const urls = run.titles('passed').map((title) => run.result(title).attachments[0]?.body);
  expect(new Set(urls).size).toBe(1);
  await expectAllReleased(project);
});
