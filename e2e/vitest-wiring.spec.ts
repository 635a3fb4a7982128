import { stripVTControlCharacters } from 'node:util';
import { installed } from './support/installed-packages.ts';
import { expect, test } from './support/project.ts';
import { collisions } from './support/server-log.ts';
import { runVitest, startVitest, vitestFiles } from './support/vitest-project.ts';
import { useVitest } from './support/vitest-versions.ts';
import { expectAllReleased } from './support/what-is-left.ts';

const TESTS = `
import { test } from 'portslice/vitest';
import { close, note, serve } from './inside.ts';

note('pool ' + process.env.PORTSLICE_POOL);
for (const title of ['one', 'two', 'three']) {
  test.concurrent(title, async ({ port, ports, filePort }) => {
    const all = [port, await ports.acquire()];
    const servers = await Promise.all(all.map(serve));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await Promise.all(servers.map(close));
  });
}
`;

const THREE_FILES = { 'a.test.ts': TESTS, 'b.test.ts': TESTS, 'c.test.ts': TESTS };
/** A test of one project's file. */
const inFolders = (...names: string[]): Record<string, string> =>
  Object.fromEntries(
    names.map((name) => [`${name}/${name}.test.ts`, TESTS.replace('./inside', '../inside')]),
  );

test('the global setup named by its path makes the pool', async ({ createProject }) => {
  const config = `export default { test: {
    maxWorkers: 2,
    testTimeout: 30_000,
    globalSetup: ['portslice/vitest/global-setup', './note-left-overs.ts'],
  } };`;
  const project = await createProject({ ...vitestFiles('', THREE_FILES), 'vitest.config.ts': config });
  const run = await runVitest(project);
  expect(run.exitCode, run.output).toBe(0);
  expect(run.output).not.toContain('PORTSLICE_');
  expect(run.titles('passed')).toHaveLength(9);
  expect(collisions(run.log)).toEqual([]);
  expect(new Set(run.notes('pool ')).size).toBe(1);
  expect(run.notes('pool ')[0]).not.toBe('undefined');
  expect(run.end()).toMatchObject({ left: [], lifetimeTotalAllocatedPorts: 21, totalServerPorts: 100 });
  await expectAllReleased(project);
});

test('without any set-up each worker has a private pool, and says so once', async ({ createProject }) => {
  const config = `export default { test: { maxWorkers: 3, testTimeout: 30_000, isolate: false } };`;
  const project = await createProject({ ...vitestFiles('', THREE_FILES), 'vitest.config.ts': config });
  const run = await runVitest(project);
  expect(run.exitCode, run.output).toBe(0);
  expect(run.titles('passed')).toHaveLength(9);
  expect(collisions(run.log)).toEqual([]);
  expect(new Set(run.notes('pool '))).toEqual(new Set(['undefined']));
  const hints = run.output.match(/\[PORTSLICE_NO_POOL\].*/g) ?? [];
  const workers = new Set(run.log.map(({ pid }) => pid));
  expect(workers.size).toBeGreaterThan(1);
  expect(hints).toHaveLength(1);
  expect(hints[0]).toContain("Use portslice's plugin");
  await expectAllReleased(project);
});

for (const [count, files] of [
  ['one file', { 'a.test.ts': TESTS }],
  ['three files', THREE_FILES],
] as const) {
  test(`without any set-up Vitest 4, which counts its workers from 0, says so once with ${count}`, async ({
    createProject,
  }) => {
    test.setTimeout(180_000);
    const config = `export default { test: { maxWorkers: 3, testTimeout: 30_000 } };`;
    const project = await createProject({ ...vitestFiles('', files), 'vitest.config.ts': config });
    const command = useVitest(project, installed('vitest', { vitest: '4.1.12', vite: '8.3.8' }));
    const run = await runVitest(project, [], { command });
    expect(run.exitCode, run.output).toBe(0);
    expect(run.output.match(/\[PORTSLICE_NO_POOL\]/g)).toHaveLength(1);
  });
}

test('projects of all kinds share one pool in one run', async ({ createProject }) => {
  const names = ['forked', 'threaded', 'own', 'vm'];
  const settings = `
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'forked', root: 'forked', pool: 'forks' } },
      { extends: true, test: { name: 'threaded', root: 'threaded', pool: 'threads' } },
      { test: { name: 'own', root: 'own', testTimeout: 30_000, pool: 'threads' } },
      { test: { name: 'vm', root: 'vm', testTimeout: 30_000, pool: 'vmThreads' } },
    ],
  `;
  const project = await createProject(vitestFiles(settings, inFolders(...names)));
  const run = await runVitest(project);
  expect(run.exitCode, run.output).toBe(0);
  expect(run.titles('passed')).toHaveLength(3 * names.length);
  expect(collisions(run.log)).toEqual([]);
  expect(run.output).not.toContain('PORTSLICE_');
  expect(new Set(run.notes('pool ')).size).toBe(1);
  expect(run.notes('pool ')[0]).not.toBe('undefined');
  await expectAllReleased(project);
  // One that does not extend the root's configuration, by itself.
  const alone = await runVitest(project, ['--project=own']);
  expect(alone.titles('passed')).toHaveLength(3);
  expect(alone.output).not.toContain('PORTSLICE_');
});

test('options of the plugin take effect', async ({ createProject }) => {
  const files = vitestFiles(
    'maxWorkers: 1',
    {
      'options.test.ts': `
        import { PortPool } from 'portslice';
        import { test } from 'portslice/vitest';
        import { expect } from 'vitest';
        const { ports } = PortPool.attach();
        test('ports and excluded ports', () => {
          const first = Number(process.env.FIRST_PORT);
          expect(ports.toSorted()).toEqual([first, first + 1, first + 3]);
        });
      `,
    },
    `{
      ports: process.env.FIRST_PORT + '-' + (Number(process.env.FIRST_PORT) + 3),
      excludedPorts: [Number(process.env.FIRST_PORT) + 2],
    }`,
  );
  const project = await createProject(files);
  const env = { FIRST_PORT: String(project.ports.firstPort + 10) };
  const run = await runVitest(project, [], { env });
  expect(run.exitCode, run.output).toBe(0);
  expect(run.titles('passed')).toHaveLength(1);
});

test('a spec that cannot be used ends the run with its name and token', async ({ createProject }) => {
  const project = await createProject(vitestFiles('', THREE_FILES));
  const run = await startVitest(project, ['run'], { env: { PORTSLICE_PORTS: '2000-2010,abc' } }).finished;
  expect(run.exitCode).toBe(1);
  expect(stripVTControlCharacters(run.output)).toContain(
    "PortSpecError: PORTSLICE_PORTS: 'abc' is neither a port nor a range. Write ports (1-65535)",
  );
});

test('a setting of the wrong type ends the run, too', async ({ createProject }) => {
  const project = await createProject(vitestFiles('', THREE_FILES, '{ restMs: -1 }'));
  const run = await startVitest(project, ['run']).finished;
  expect(run.exitCode).toBe(1);
  expect(stripVTControlCharacters(run.output)).toContain(
    'InvalidOptionError: restMs is -1; expected an integer from 0 to',
  );
});
