import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { installed } from './support/installed-packages.ts';
import { test } from './support/outside.ts';
import { installation } from './support/package.ts';
import { playwrightFiles, runPlaywright } from './support/playwright-project.ts';
import { expect, type Project } from './support/project.ts';
import { collisions } from './support/server-log.ts';
import { runVitest, vitestFiles } from './support/vitest-project.ts';
import { useVitest } from './support/vitest-versions.ts';
import { expectAllReleased } from './support/what-is-left.ts';

/** Code that the project does not own. */
const LIBRARY = {
  'package.json': JSON.stringify({
    name: 'a-library',
    version: '1.0.0',
    type: 'module',
    exports: './index.js',
    dependencies: { 'get-port': '^7.0.0' },
  }),
  'index.js': `import getPort from 'get-port'; export const freePort = () => getPort();`,
};

function addLibrary(project: Project): void {
  for (const [name, text] of Object.entries(LIBRARY))
    project.write({ [`node_modules/a-library/${name}`]: text });
}

const IMPORTS = `
import { freePort } from 'a-library';
import getPort, { clearLockedPorts, portNumbers } from 'get-port';
import { PortPool } from 'portslice';
import { close, isLocked, note, serve, startServerProcess } from './inside.ts';
const record = (port) => PortPool.attach().snapshot().find((candidate) => candidate.port === port);
const states = (ports) => ports.map((port) => record(port).state);
`;

/** For a describe of either runner. `labelOf` gives the label of ports of the test. */
const SAME_TESTS = `
const outside = await getPort();
let ofFile, reserved, previous;
const isHeldForProcess = (port) => record(port).label === 'getPort() outside of tests' && isLocked({ port });

test.beforeAll(async () => {
  ofFile = await getPort();
});
test('gives ports of the test, to code that the project does not own too', async (...args) => {
  const label = labelOf(...args);
  previous = [await getPort(), await freePort(), await getPort({ port: portNumbers(1024, 1100) })];
  expect(previous.map((port) => record(port).label)).toEqual([label, label, label]);
  expect(new Set([outside, ofFile, ...previous]).size).toBe(5);
  reserved = await getPort({ reserve: true });
  await close(await serve({ port: previous[1] }));
});
test('takes them back at the end of it', () => {
  expect(states(previous)).toEqual(['free', 'free', 'free']);
  expect(states([outside, ofFile, reserved])).toEqual(['held', 'held', 'held']);
  expect([outside, reserved].every(isHeldForProcess)).toBe(true);
  note('of the file ' + record(ofFile).label);
});
test('gives ports back at once after clearLockedPorts()', async () => {
  const port = await getPort();
  const server = await serve({ port: outside });
  clearLockedPorts();
  expect(states([port, reserved, outside])).toEqual(['free', 'free', 'held']);
  expect(await getPort({ port })).toBe(port);
  await close(server);
});
test('names a server that is left behind', async () => {
  const port = await getPort();
  note('left ' + (await startServerProcess({ port })).pid, { port });
});
`;

const CONCURRENT = `${IMPORTS}
import { expect, test } from 'vitest';
for (const title of ['one', 'two', 'three']) {
  test.concurrent(title, async ({ task }) => {
    for (let round = 0; round < 3; round++) {
      const port = await getPort();
      note('of ' + title + ': ' + record(port).label);
      await close(await serve({ port }));
    }
  });
}
`;

function expectLeakNamed(output: string, log: readonly { text: string; port: number }[], file: string): void {
  const { text, port } = log.find((entry) => entry.text.startsWith('left ')) as {
    text: string;
    port: number;
  };
  process.kill(Number(text.slice('left '.length)), 'SIGKILL');
  const warnings = output.split('\n').filter((line) => line.includes('PORTSLICE_LEAK'));
  expect(warnings).toEqual([
    expect.stringContaining(`Port ${port} was released by '${file} > names a server that is left behind'`),
  ]);
}

const VERSIONS = [
  { name: '3.2.7', packages: { vitest: '3.2.7', vite: '7.3.8' }, tellsApart: false },
  { name: '4.1.12', packages: { vitest: '4.1.12', vite: '8.3.8' }, tellsApart: true },
  { name: '5', packages: undefined, tellsApart: true },
];

for (const { name, packages, tellsApart } of VERSIONS) {
  test(`an alias gives the ports of get-port to the tests of Vitest ${name} that ask for them`, async ({
    createProject,
  }) => {
    test.setTimeout(180_000);
    const files = vitestFiles(`maxWorkers: 1, minWorkers: 1, server: { deps: { inline: ['a-library'] } }`, {
      'a.test.ts': `${IMPORTS}
          import { beforeAll, expect, test as base } from 'vitest';
          // Vitest takes a function's first parameter for a pattern of fixtures.
          const test = (title, body) => base(title, ({ task }) => body(task));
          test.beforeAll = beforeAll;
          const labelOf = (task) => task.file.name + ' > ' + task.name;
          ${SAME_TESTS}
        `,
      'b.test.ts': CONCURRENT,
    });
    const alias = `resolve: { alias: { 'get-port': 'portslice/get-port' } },`;
    const config = (files['vitest.config.ts'] as string).replace('test: {', `${alias} test: {`);
    const project = await createProject({ ...files, 'vitest.config.ts': config });
    const command = packages && { command: useVitest(project, installed('vitest', packages)) };
    addLibrary(project);
    const run = await runVitest(project, [], command ?? {});
    expect(run.exitCode, run.output).toBe(0);
    expect(run.titles('passed')).toHaveLength(7);
    expect(run.notes('of the file ')).toEqual(['acquirePort of a.test.ts']);
    for (const title of ['one', 'two', 'three']) {
      const label = tellsApart ? `b.test.ts > ${title}` : 'acquirePort of b.test.ts';
      expect(run.notes(`of ${title}: `)).toEqual([label, label, label]);
    }
    expect(collisions(run.log)).toEqual([]);
    expectLeakNamed(run.output, run.log, 'a.test.ts');
    await expectAllReleased(project);
  });
}

for (const pool of ['threads', 'vmForks', 'vmThreads']) {
  test(`an alias tells concurrent tests apart in ${pool}`, async ({ createProject }) => {
    const settings = `pool: '${pool}', maxWorkers: 1, isolate: false, server: { deps: { inline: ['a-library'] } }`;
    const files = vitestFiles(settings, { 'a.test.ts': CONCURRENT, 'b.test.ts': CONCURRENT });
    const alias = `resolve: { alias: { 'get-port': 'portslice/get-port' } },`;
    const config = (files['vitest.config.ts'] as string).replace('test: {', `${alias} test: {`);
    const project = await createProject({ ...files, 'vitest.config.ts': config });
    addLibrary(project);
    const run = await runVitest(project);
    expect(run.exitCode, run.output).toBe(0);
    for (const title of ['one', 'two', 'three'])
      expect(run.notes(`of ${title}: `).toSorted()).toEqual(
        ['a', 'a', 'a', 'b', 'b', 'b'].map((file) => `${file}.test.ts > ${title}`),
      );
    expect(run.end()).toMatchObject({ left: [], leaks: 0 });
    await expectAllReleased(project);
  });
}

for (const from of ['portslice/playwright', '@playwright/test']) {
  test(`a package in its place gives the ports of get-port to the tests of Playwright, with the test of ${from}`, async ({
    createProject,
  }) => {
    const files = playwrightFiles('workers: 1', {
      'a.spec.ts': `${IMPORTS}
        import { expect, test as base } from '${from}';
        const test = (title, body) => base(title, async ({}, testInfo) => {
          await body(testInfo);
          // The end of a plain test is noticed by a timer.
          await expect.poll(() => true).toBe(true);
        });
        test.beforeAll = base.beforeAll;
        const labelOf = (testInfo) => testInfo.titlePath.join(' > ');
        ${
          from === '@playwright/test'
            ? SAME_TESTS.replace(
                'expect(states(previous))',
                'await expect.poll(() => states(previous))',
              ).replace(`at the end of it', () =>`, `at the end of it', async () =>`)
            : SAME_TESTS
        }
      `,
    });
    const project = await createProject(files);
    addLibrary(project);
    // As an override of npm lays it out.
    cpSync(
      path.join(installation().dir, 'node_modules/portslice'),
      path.join(project.dir, 'node_modules/get-port'),
      { recursive: true },
    );
    const run = await runPlaywright(project);
    expect(run.exitCode, run.output).toBe(0);
    expect(run.titles('passed')).toHaveLength(4);
    const ofFile = run.log.find(({ text }) => text.startsWith('of the file '));
    expect(ofFile?.text).toBe("of the file worker 0 of project ''");
    expect(collisions(run.log)).toEqual([]);
    expectLeakNamed(run.output, run.log, 'a.spec.ts');
    await expectAllReleased(project);
  });
}

test('an override of npm puts portslice in the place of get-port, also for the packages that depend on it', async ({
  createProject,
  folder,
}) => {
  const project = await createProject({});
  for (const [name, text] of Object.entries(LIBRARY)) project.write({ [`library/${name}`]: text });
  const packed = await project.run('npm', ['pack', '--pack-destination', folder], { cwd: 'library' });
  expect(packed.exitCode, packed.output).toBe(0);
  const manifest = {
    private: true,
    type: 'module',
    dependencies: {
      'a-library': 'file:./a-library-1.0.0.tgz',
      'get-port': `file:${installation().tarball}`,
    },
    overrides: { 'get-port': '$get-port' },
  };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  const script = `
    import { readFileSync } from 'node:fs';
    import { freePort } from 'a-library';
    const port = await freePort();
    console.log(readFileSync('/proc/net/unix', 'utf8').includes(' @portslice/' + port + '\\n'));
  `;
  writeFileSync(path.join(folder, 'script.js'), script);
  const flags = ['--no-audit', '--no-fund', '--loglevel=warn'];
  const done = await project.run('npm', ['install', ...flags], { cwd: folder });
  expect(done.exitCode, done.output).toBe(0);
  const { name } = JSON.parse(
    readFileSync(path.join(folder, 'node_modules/get-port/package.json'), 'utf8'),
  ) as { name: string };
  expect(name).toBe('portslice');
  const run = await project.run('node', ['script.js'], { cwd: folder });
  expect(run.output).toBe('true\n');
});
