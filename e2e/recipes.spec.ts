import { installed } from './support/installed-packages.ts';
import { playwrightFiles, runPlaywright } from './support/playwright-project.ts';
import { expect, test } from './support/project.ts';
import { collisions } from './support/server-log.ts';
import { runVitest, vitestFiles } from './support/vitest-project.ts';
import { useVitest } from './support/vitest-versions.ts';
import { expectAllReleased } from './support/what-is-left.ts';

const VERSIONS = [
  { name: '3.2.7', packages: { vitest: '3.2.7', vite: '7.3.8' }, hasFixturesInBeforeAll: false },
  { name: '4.1.12', packages: { vitest: '4.1.12', vite: '8.3.8' }, hasFixturesInBeforeAll: true },
  { name: '5', packages: undefined, hasFixturesInBeforeAll: true },
];

const BEFORE_EACH = `
import { type PortFixtures, test } from 'portslice/vitest';
import { afterEach, beforeEach, expect } from 'vitest';
import { close, serve } from './inside.ts';

let server;
beforeEach<PortFixtures>(async ({ ports }) => {
  server = await serve(await ports.acquire());
});
afterEach(() => close(server));
for (const title of ['one', 'two']) {
  test('a server of each test: ' + title, async () => {
    const { port } = server.address();
    expect(await (await fetch('http://localhost:' + port)).text()).toBe('pid ' + process.pid);
  });
}
`;

const BEFORE_ALL = `
import { test } from 'portslice/vitest';
import { expect } from 'vitest';
import { close, note, serve } from './inside.ts';

let server;
test.beforeAll(async ({ filePort }) => {
  server = await serve(filePort);
});
test.afterAll(() => close(server));
for (const title of ['one', 'two']) {
  test('a server of the file: ' + title, async ({ filePort }) => {
    note('asks ' + filePort);
    expect((await fetch(filePort.url())).ok).toBe(true);
  });
}
`;

const BEFORE_ALL_WITHOUT_FIXTURES = `
import { acquirePort } from 'portslice/vitest';
import { beforeAll, expect, test } from 'vitest';
import { close, note, serve } from './inside.ts';

let url;
beforeAll(async () => {
  const port = await acquirePort();
  const server = await serve(port);
  url = port.url();
  return () => close(server);
});
for (const title of ['one', 'two']) {
  test('a server of the hook: ' + title, async () => {
    expect((await fetch(url)).ok).toBe(true);
  });
}
`;

for (const { name, packages, hasFixturesInBeforeAll } of VERSIONS) {
  test(`hooks of Vitest ${name} start a server of each test and of the file`, async ({ createProject }) => {
    test.setTimeout(180_000);
    const files = vitestFiles('maxWorkers: 1, minWorkers: 1', {
      'each.test.ts': BEFORE_EACH,
      'hook.test.ts': BEFORE_ALL_WITHOUT_FIXTURES,
      ...(hasFixturesInBeforeAll ? { 'all.test.ts': BEFORE_ALL } : {}),
    });
    const project = await createProject(files);
    const command = packages && { command: useVitest(project, installed('vitest', packages)) };
    const run = await runVitest(project, [], command);
    expect(run.exitCode, run.output).toBe(0);
    expect(run.titles('passed')).toHaveLength(hasFixturesInBeforeAll ? 6 : 4);
    expect(collisions(run.log)).toEqual([]);
    expect(run.output).not.toContain('PORTSLICE_');
    expect(new Set(run.notes('asks ')).size).toBe(hasFixturesInBeforeAll ? 1 : 0);
    expect(run.end()).toMatchObject({ left: [], leaks: 0 });
    await expectAllReleased(project);
  });
}

test('a set-up project of Playwright starts a server for the projects that depend on it', async ({
  createProject,
}) => {
  // The port is the main process's, from when the configuration is loaded: it outlives the worker of the set-up.
  const files = playwrightFiles('', {
    'playwright.config.ts': `
      import { defineConfig } from '@playwright/test';
      import { TCPPortOwner } from 'portslice';
      import { withPorts } from 'portslice/playwright';
      process.env.API_PORT ??= String(new TCPPortOwner({ label: 'API' }));
      export default withPorts(defineConfig({
        workers: 2,
        projects: [
          { name: 'set-up', testMatch: 'api.setup.ts', teardown: 'stop' },
          { name: 'stop', testMatch: 'api.teardown.ts' },
          { name: 'api', testMatch: '*.spec.ts', dependencies: ['set-up'], fullyParallel: true },
        ],
      }));
    `,
    'api.setup.ts': `
      import { spawn } from 'node:child_process';
      import { writeFileSync } from 'node:fs';
      import { waitForListening } from 'portslice';
      import { test } from 'portslice/playwright';
      test('start the server', async () => {
        const program = "require('node:http').createServer((_, response) => response.end('API')).listen(process.argv[1])";
        const server = spawn(process.execPath, ['-e', program, process.env.API_PORT], { detached: true, stdio: 'ignore' });
        server.unref();
        await waitForListening(Number(process.env.API_PORT), { pid: server.pid });
        writeFileSync('api.pid', String(server.pid));
      });
    `,
    'api.teardown.ts': `
      import { readFileSync } from 'node:fs';
      import { test } from 'portslice/playwright';
      test('stop the server', () => {
        process.kill(Number(readFileSync('api.pid', 'utf8')));
      });
    `,
    'a.spec.ts': `
      import { expect, test } from 'portslice/playwright';
      import { note } from './inside.ts';
      for (const title of ['one', 'two', 'three']) {
        test(title, async ({ request, port }) => {
          expect(port.port).not.toBe(Number(process.env.API_PORT));
          expect(await (await request.get('http://localhost:' + process.env.API_PORT)).text()).toBe('API');
          note('asked ' + process.env.API_PORT);
        });
      }
      test('fails, so that its worker is replaced', () => {
        expect(1).toBe(2);
      });
    `,
  });
  const project = await createProject(files);
  const run = await runPlaywright(project);
  expect(run.titles('failed'), run.output).toEqual(['fails, so that its worker is replaced']);
  expect(run.titles('passed')).toHaveLength(5);
  expect(new Set(run.log.filter(({ text }) => text.startsWith('asked')).map(({ text }) => text)).size).toBe(
    1,
  );
  expect(run.output).not.toContain('PORTSLICE_');
  await expectAllReleased(project);
});
