import { installed } from './support/installed-packages.ts';
import { expect, type Project, test } from './support/project.ts';
import { collisions } from './support/server-log.ts';
import { runVitest, vitestFiles, type VitestRun } from './support/vitest-project.ts';
import { useVitest } from './support/vitest-versions.ts';
import { expectAllReleased } from './support/what-is-left.ts';

/** A helper that takes no fixture, and tests of Vitest's own `test`. */
const IMPORTS = `
import { PortPool } from 'portslice';
import { acquirePort } from 'portslice/vitest';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { close, isLocked, note, serve, startServerProcess, until } from './inside.ts';

const record = ({ port }) => PortPool.attach().snapshot().find((candidate) => candidate.port === port);
async function startOwnServer() {
  const port = await acquirePort();
  return { port, server: await serve(port) };
}
`;

const ONE_AFTER_ANOTHER = `${IMPORTS}
let ofFile, ofHook, previous;
beforeAll(async () => {
  const { port, server } = await startOwnServer();
  ofFile = port;
  return () => close(server);
});
beforeEach(async () => {
  ofHook = await acquirePort();
});
afterEach(async ({ task }) => {
  expect(record(await acquirePort()).label).toBe(task.file.name + ' > ' + task.name);
});
afterAll(() => {
  note('of the file ' + record(ofFile).label + ' ' + isLocked(ofFile));
});

test('has ports in its body and its hooks', async ({ task }) => {
  const { port, server } = await startOwnServer();
  // Registered after ours, and so before it in the order of calls; the next one is called after it.
  onTestFinished(() => close(server));
  const mine = await acquirePort({ hosts: ['127.0.0.1'] });
  previous = [ofHook, port, mine];
  expect(new Set([ofFile, ...previous].map(Number)).size).toBe(4);
  expect(previous.every(isLocked)).toBe(true);
  expect(mine.hosts).toEqual(['127.0.0.1']);
});

test('has them no more in the next test', () => {
  expect(previous.map((port) => record(port).state)).toEqual(['free', 'free', 'free']);
  expect(isLocked(ofFile)).toBe(true);
});

let tries = [];
test('has other ones in each try', { retry: 2 }, async () => {
  tries.push(await acquirePort());
  expect(tries.slice(0, -1).map((port) => record(port).state)).toEqual(tries.slice(0, -1).map(() => 'sealed'));
  if (tries.length < 3) throw new Error('once more');
});

let failed;
test('fails', async () => {
  failed = await acquirePort();
  note('failed with ' + failed);
  throw new Error('as it must');
});
test('keeps the port of the failed test sealed', () => {
  expect(record(failed).state).toBe('sealed');
});

test('leaves a server', async () => {
  const port = await acquirePort();
  const child = await startServerProcess(port);
  note('leak ' + port + ' of ' + child.pid);
});

let late;
let goOn = false;
test('times out', { timeout: 100 }, async () => {
  await acquirePort();
  await until(() => goOn);
  late = await acquirePort().catch(({ code }) => code);
});
test('gives nothing to the body of the test that has timed out', async () => {
  goOn = true;
  await until(() => late !== undefined);
  note('late ' + (late.port ? 'a port of ' + record(late).label : late));
});
`;

const CONCURRENT = `${IMPORTS}
for (const title of ['one', 'two', 'three', 'four']) {
  test.concurrent(title, async ({ task }) => {
    for (let round = 0; round < 3; round++) {
      const { port, server } = await startOwnServer();
      expect(record(port).label).toBe(task.file.name + ' > ' + title);
      await close(server);
    }
  });
}
`;

const OUTSIDE = `${IMPORTS}
const outside = await acquirePort().catch(({ code, message }) => code + ': ' + message);
test('tells where it can be called', () => {
  note(outside);
});
`;

const VERSIONS = [
  { name: '3.2.7', packages: { vitest: '3.2.7', vite: '7.3.8' } },
  { name: '4.1.12', packages: { vitest: '4.1.12', vite: '8.3.8' } },
  { name: '5', packages: undefined },
];

function commandOf(
  project: Project,
  packages: Readonly<Record<string, string>> | undefined,
): { command: readonly string[] } | Record<string, never> {
  return packages === undefined ? {} : { command: useVitest(project, installed('vitest', packages)) };
}

function expectOneAfterAnother(run: VitestRun, file: string, wraps: boolean): void {
  const results = run.results.filter(({ fullName }) => !fullName.includes('tells'));
  const failed = results.filter(({ status }) => status === 'failed').map(({ title }) => title);
  expect(failed, run.output).toEqual(['fails', 'times out']);
  expect(run.notes('of the file ')).toEqual([`acquirePort of ${file} true`]);
  expect(collisions(run.log)).toEqual([]);
  const [leak, pid] = run.notes('leak ')[0]?.split(' of ') ?? [];
  process.kill(Number(pid), 'SIGKILL');
  const warnings = run.output.split('\n').filter((line) => line.includes('PORTSLICE_LEAK'));
  expect(warnings).toEqual([
    expect.stringContaining(`Port ${leak} was released by '${file} > leaves a server'`),
  ]);
  expect(run.result('leaves a server').meta.portslice).toContainEqual(
    expect.objectContaining({ fixture: 'acquirePort', port: Number(leak), state: 'leaked' }),
  );
  expect(run.output).toContain(`TCP port ${run.notes('failed with ')[0]} (acquirePort)`);
  // Vitest 3 cannot tell that it is another test's body.
  if (wraps) expect(run.notes('late ')).toEqual(['PORTSLICE_TEST_ENDED']);
}

for (const { name, packages } of VERSIONS) {
  test(`acquirePort() gives a port of the running test to helpers and hooks in Vitest ${name}`, async ({
    createProject,
  }) => {
    test.setTimeout(180_000);
    const files = { 'a.test.ts': ONE_AFTER_ANOTHER, 'outside.test.ts': OUTSIDE };
    const project = await createProject(vitestFiles('maxWorkers: 1, minWorkers: 1, isolate: false', files));
    const run = await runVitest(project, [], commandOf(project, packages));
    expectOneAfterAnother(run, 'a.test.ts', packages?.vitest !== '3.2.7');
    expect(run.notes('PORTSLICE_NO_TEST: ')).toEqual([expect.stringContaining('where no test runs')]);
    await expectAllReleased(project);
  });
}

for (const pool of ['forks', 'threads', 'vmForks', 'vmThreads']) {
  test(`acquirePort() tells concurrent tests apart in ${pool}`, async ({ createProject }) => {
    const names = ['a.test.ts', 'b.test.ts', 'c.test.ts'];
    const tests = Object.fromEntries(names.map((name) => [name, CONCURRENT]));
    const settings = `pool: '${pool}', maxWorkers: 1, isolate: false`;
    const project = await createProject(vitestFiles(settings, tests));
    const run = await runVitest(project);
    expect(run.exitCode, run.output).toBe(0);
    expect(run.titles('passed')).toHaveLength(4 * names.length);
    expect(collisions(run.log)).toEqual([]);
    expect(run.output).not.toContain('PORTSLICE_');
    expect(run.end()).toMatchObject({ left: [], lifetimeTotalAllocatedPorts: 12 * names.length, leaks: 0 });
    await expectAllReleased(project);
  });
}

test('acquirePort() tells concurrent tests apart where portslice is inlined, as a linked package is', async ({
  createProject,
}) => {
  const settings = `maxWorkers: 1, server: { deps: { inline: ['portslice'] } }`;
  const project = await createProject(vitestFiles(settings, { 'a.test.ts': CONCURRENT }));
  const run = await runVitest(project);
  expect(run.exitCode, run.output).toBe(0);
  expect(run.titles('passed')).toHaveLength(4);
  await expectAllReleased(project);
});

test('acquirePort() tells concurrent tests apart in Vitest 4.1', async ({ createProject }) => {
  const project = await createProject(vitestFiles('maxWorkers: 1', { 'a.test.ts': CONCURRENT }));
  const run = await runVitest(project, [], commandOf(project, VERSIONS[1]?.packages));
  expect(run.exitCode, run.output).toBe(0);
  expect(run.titles('passed')).toHaveLength(4);
});

for (const { name, packages, settings } of [
  { name: 'in Vitest 3.2', packages: VERSIONS[0]?.packages, settings: undefined },
  {
    name: 'without the plugin',
    packages: undefined,
    settings: `globalSetup: ['portslice/vitest/global-setup']`,
  },
]) {
  test(`acquirePort() refuses concurrent tests ${name}, and says what to do`, async ({ createProject }) => {
    const files = vitestFiles('', {
      'a.test.ts': `${IMPORTS}
        let waiting = 2;
        for (const title of ['one', 'two']) {
          test.concurrent(title, async () => {
            waiting--;
            await until(() => waiting <= 0);
            note(await acquirePort().catch(({ code, message }) => code + ': ' + message));
            waiting--;
            await until(() => waiting <= -2);
          });
        }
        test('alone', async () => {
          note('alone on ' + (await acquirePort()));
        });
      `,
    });
    const config =
      settings === undefined
        ? {}
        : { 'vitest.config.ts': `export default { test: { testTimeout: 30_000, ${settings} } }` };
    const project = await createProject({ ...files, ...config });
    const run = await runVitest(project, [], commandOf(project, packages));
    expect(run.exitCode, run.output).toBe(0);
    const refusal =
      'Several tests run at once, and acquirePort() cannot tell which of them has called it. Use the fixture';
    expect(run.notes('PORTSLICE_NO_TEST: ')).toEqual(Array(2).fill(expect.stringContaining(refusal)));
    expect(run.notes('alone on ')).toHaveLength(1);
    await expectAllReleased(project);
  });
}

test('acquirePort() in a beforeAll is refused without the plugin, and says what to do', async ({
  createProject,
}) => {
  const files = vitestFiles('', {
    'a.test.ts': `${IMPORTS}
      beforeAll(async () => {
        note(await acquirePort().catch(({ code, message }) => code + ': ' + message));
      });
      test('runs', () => undefined);
    `,
  });
  const config = `export default { test: { testTimeout: 30_000, hookTimeout: 30_000, globalSetup: ['portslice/vitest/global-setup'] } };`;
  const run = await runVitest(await createProject({ ...files, 'vitest.config.ts': config }));
  expect(run.exitCode, run.output).toBe(0);
  expect(run.notes('PORTSLICE_NO_TEST: ')).toEqual([
    expect.stringContaining("in a beforeAll if the configuration of this project has portslice's plugin"),
  ]);
});
