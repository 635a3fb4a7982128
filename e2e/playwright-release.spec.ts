import { readLog } from './support/inside.program.ts';
import {
  logPath,
  playwrightEnvironment,
  playwrightFiles,
  readRun,
  reportedUses,
  runPlaywright,
} from './support/playwright-project.ts';
import { expect, type Program, type Project, test } from './support/project.ts';
import { beaconsOf, expectAllReleased, expectNoneLocked, lockedPorts } from './support/what-is-left.ts';

test('every port is released, however a test ends', async ({ createProject }) => {
  const files = playwrightFiles(`workers: 2, fullyParallel: true, timeout: 20_000`, {
    'a.spec.ts': `
      import { expect, test } from 'portslice/playwright';
      import { isLocked, serve, startServerProcess } from './inside.ts';

      const forEver = new Promise(() => {});
      const stuckTest = test.extend({
        stuck: async ({ port }, use) => {
          await use(port);
          await forEver;
        },
      });

      test('fails', async ({ port, workerPort }) => {
        expect(isLocked(port)).toBe(true);
        expect(port).toBe(1);
      });
      test('times out', async ({ port, workerPort }) => {
        test.setTimeout(500);
        await forEver;
      });
      test('times out with a server', async ({ port }) => {
        test.setTimeout(500);
        await serve(port);
        await forEver;
      });
      test('fails later', async ({ port }) => {
        setTimeout(() => { throw new Error('uncaught') }, 10);
        await forEver;
      });
      stuckTest('has a fixture that hangs', async ({ stuck, ports }) => {
        test.setTimeout(500);
        expect(isLocked(stuck)).toBe(true);
        await ports.acquire();
      });
      test('is killed', async ({ port, ports, workerPort }) => {
        await Promise.all([port, ...(await ports.acquireMany(3)), workerPort].map(serve));
        process.kill(process.pid, 'SIGKILL');
        await forEver;
      });
      test('exits', async ({ port, workerPort }) => {
        await Promise.all([port, workerPort].map(serve));
        process.exit(0);
      });
      test('is skipped late', async ({ port }) => {
        test.skip();
      });
      test('is expected to fail', async ({ port }) => {
        test.fail();
        expect(port).toBe(1);
      });
      test('passes', async ({ port, workerPort }) => {});
    `,
  });
  const project = await createProject(files);
  const run = await runPlaywright(project);
  expect(run.exitCode).toBe(1);
  expect(run.titles('timedOut'), run.output).toEqual([
    'times out',
    'times out with a server',
    'has a fixture that hangs',
  ]);
  expect(run.titles('skipped')).toEqual(['is skipped late']);
  expect(run.titles('passed')).toEqual(['passes']);
  // A test whose body may still be running keeps its port from everybody else.
  for (const [title, states] of Object.entries({
    fails: ['sealed'],
    'times out': ['sealed'],
    'times out with a server': ['leaked'],
    'fails later': ['sealed'],
    'has a fixture that hangs': ['sealed', 'sealed'],
    'is skipped late': ['free'],
    'is expected to fail': ['sealed'],
    passes: ['free'],
  })) {
    const expected = states.map((state) => expect.objectContaining({ state }) as unknown);
    expect(reportedUses(run.result(title)), title).toEqual(expected);
  }
  await expectAllReleased(project);
});

/** Four tests, of which each has a server in its worker, one of its own process and one of its worker's port. */
const WAITING_TESTS = `
  import { expect, test as base } from 'portslice/playwright';
  import { close, readLog, serve, startServerProcess, until } from './inside.ts';

  const test = base.extend({
    child: async ({ ports }, use) => {
      const child = await startServerProcess(await ports.acquire());
      await use(child);
      child.kill();
    },
  });
  const countListening = () => readLog().filter(({ event }) => event === 'listening').length;
  for (let index = 0; index < 4; index++) {
    test('waits ' + index, async ({ port, child, workerPort }) => {
      await serve(port).then((server) => server.unref());
      await serve(workerPort);
      await new Promise(() => {});
    });
  }
`;

function childrenOf(project: Project): number[] {
  return readLog(logPath(project)).flatMap(({ text, pid }) => (text === 'child' ? [pid] : []));
}

function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}

/** The fixture ends its process without waiting for its end. */
async function expectNoneRunning(processIds: readonly number[]): Promise<void> {
  await expect.poll(() => processIds.filter(isRunning)).toEqual([]);
}

/** Starts the waiting tests. @returns when all twelve servers listen: the tests' two each, and the workers' */
async function startWaitingTests(project: Project): Promise<Program> {
  const args = ['test', '--reporter=line,json'];
  const program = project.start('playwright', args, playwrightEnvironment(project));
  const countListening = (): number =>
    readLog(logPath(project)).filter(({ event }) => event === 'listening').length;
  await expect.poll(countListening).toBe(12);
  expect(lockedPorts(project)).toHaveLength(12);
  expect(beaconsOf(program.pid)).toHaveLength(1);
  return program;
}

test('every port is released after --max-failures', async ({ createProject }) => {
  const files = playwrightFiles(`workers: 5, fullyParallel: true`, {
    'a.spec.ts': `${WAITING_TESTS}
      test('fails', async ({ port }) => {
        await until(() => countListening() === 12);
        expect(port).toBe(1);
      });
    `,
  });
  const project = await createProject(files);
  const run = await runPlaywright(project, ['--max-failures=1']);
  expect(run.titles('failed'), run.output).toEqual(['fails']);
  expect(run.titles('interrupted')).toHaveLength(4);
  expect(childrenOf(project)).toHaveLength(4);
  await expectNoneRunning(childrenOf(project));
  await expectAllReleased(project);
});

for (const { name, whole } of [
  { name: 'the runner alone', whole: false },
  { name: 'every process, as from a terminal', whole: true },
]) {
  test(`every port is released after SIGINT to ${name}`, async ({ createProject }) => {
    const files = playwrightFiles(`workers: 4, fullyParallel: true`, { 'a.spec.ts': WAITING_TESTS });
    const project = await createProject(files);
    const program = await startWaitingTests(project);
    if (whole) program.killGroup('SIGINT');
    else program.kill('SIGINT');
    const run = readRun(project, await program.finished);
    expect(run.exitCode, run.output).toBe(130);
    expect(run.titles('interrupted')).toHaveLength(4);
    await expectNoneRunning(childrenOf(project));
    expect(beaconsOf(program.pid)).toEqual([]);
    await expectAllReleased(project);
  });
}

test('every port is released after the runner was killed', async ({ createProject }) => {
  const files = playwrightFiles(`workers: 4, fullyParallel: true`, { 'a.spec.ts': WAITING_TESTS });
  const project = await createProject(files);
  const program = await startWaitingTests(project);
  program.kill('SIGKILL');
  await program.finished;
  expect(beaconsOf(program.pid)).toEqual([]);
  // The workers notice by themselves that nobody is there any more.
  await expectNoneLocked(project);
  await expectNoneRunning(childrenOf(project));
  await expectAllReleased(project);
});
