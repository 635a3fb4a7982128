import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { installed } from './support/installed-packages.ts';
import { HOSTILE_TITLE, readPortsReport, reportLines } from './support/ports-report.ts';
import { expect, type Project, test } from './support/project.ts';
import { readVitestLog, startVitest, type VitestOptions, vitestFiles } from './support/vitest-project.ts';
import { useVitest } from './support/vitest-versions.ts';

const SHOP = `
  import { test } from 'portslice/vitest';
  import { describe, expect } from 'vitest';
  import { note, startServerProcess } from './inside.ts';

  test('has none', () => {});
  describe('shop', () => {
    test('leaks', async ({ port }) => {
      const { pid } = await startServerProcess(port);
      note(String(pid), port);
    });
  });
  test('starts a server', async ({ servers, filePort, workerPort }) => {
    const server = await servers.start({ command: ['node', 'server.ts', '{port}', 'a program'], ready: '/' });
    note('server ' + server.pid, server);
  });
  test('waits and borrows', async ({ ports }) => {
    const first = await ports.acquire();
    setTimeout(() => first.cleanup(), 50);
    await ports.acquireMany(97);
  });
  test(${JSON.stringify(HOSTILE_TITLE)}, ({ port }) => {});
  let attempts = 0;
  test('has two attempts', { retry: 1 }, ({ port }) => {
    expect(++attempts).toBe(2);
  });
  test('runs out of time', { timeout: 200 }, async ({ port }) => {
    await new Promise(() => {});
  });
`;

const KILLED = `
  import { test } from 'portslice/vitest';
  import { note } from './inside.ts';
  test('kills its worker', async ({ port }) => {
    note('killed', port);
    process.kill(process.pid, 'SIGKILL');
    await new Promise(() => {});
  });
`;

/** With the reporters of the configuration. */
async function run(project: Project, args: readonly string[] = [], options: VitestOptions = {}) {
  return startVitest(project, ['run', ...args], options).finished;
}

test('the report of a run has what its tests did with their ports, and the run ends with three lines', async ({
  createProject,
}) => {
  const projects = ['one', 'two'].map(
    (name) => `{ extends: true, test: { name: '${name}', include: ['${name}.test.ts'] } }`,
  );
  const files = vitestFiles(
    `maxWorkers: 1, includeTaskLocation: true, projects: [${projects.join()}]`,
    { 'one.test.ts': SHOP, 'two.test.ts': KILLED },
    '{ report: true }',
  );
  const project = await createProject(files);
  const { output, exitCode } = await run(project);
  expect(exitCode, output).toBe(1);
  const report = readPortsReport(project);
  const log = readVitestLog(project);
  expect(report).toMatchObject({
    runner: { name: 'vitest' },
    testsWithoutPorts: 1,
    machines: [{ pool: { portCount: 100 } }],
  });

  const leak = log.find(({ text }) => /^\d+$/.test(text));
  expect(report.attempt('leaks')).toMatchObject({
    project: 'one',
    file: 'one.test.ts',
    line: 8,
    titles: ['shop', 'leaks'],
    worker: 1,
    outcome: 'passed',
    ports: [
      {
        port: leak?.port,
        fixture: 'port',
        slice: 1,
        state: 'leaked',
        leakedBy: [{ processId: Number(leak?.text) }],
      },
    ],
  });
  const server = log.find(({ text }) => text.startsWith('server '));
  expect(report.attempt('starts a server').servers).toMatchObject([
    { fixture: 'servers', ports: { port: server?.port }, processId: Number(server?.text.slice(7)) },
  ]);
  expect(report.shared).toMatchObject([
    { scope: 'file', worker: 1, file: 'one.test.ts', ports: [{ fixture: 'filePort' }] },
    { scope: 'worker', worker: 1, ports: [{ fixture: 'workerPort' }] },
  ]);
  const waiting = report.attempt('waits and borrows').ports;
  expect(waiting).toHaveLength(98);
  expect(waiting[1]?.waitedMs).toBeGreaterThan(0);
  expect(waiting.some(({ borrowed }) => borrowed)).toBe(true);
  expect(report.attempt(HOSTILE_TITLE).ports).toHaveLength(1);
  expect(report.attempt('has two attempts')).toMatchObject({
    retry: 1,
    outcome: 'passed',
    ports: [{ state: 'sealed' }, { state: 'free' }],
  });
  expect(report.attempt('runs out of time')).toMatchObject({
    outcome: 'timedOut',
    ports: [{ state: 'sealed' }],
  });
  const killed = log.find(({ text }) => text === 'killed');
  expect(Math.min(...report.tests.map(({ startedAtMs }) => startedAtMs))).toBeGreaterThanOrEqual(
    report.startedAtMs,
  );
  expect(report.startedAtMs).toBeGreaterThan(Date.now() - 600_000);
  expect(report.attempt('kills its worker')).toMatchObject({
    project: 'two',
    ports: [{ port: killed?.port, fixture: 'unknown' }],
  });
  expect(report.summary).toMatchObject({ leaks: 1, waits: { count: 1 }, servers: { count: 1, failed: 0 } });

  expect(reportLines(output)).toEqual([
    expect.stringMatching(
      /^portslice: \d+ ports handed out of a pool of 100; at most \d+ at once, most of them in worker 1; 1 wait, at most \d+ ms; \d+ borrowed\.$/,
    ),
    expect.stringContaining(
      `1 server left behind: port ${leak?.port} of 'one.test.ts > shop > leaks' to pid ${leak?.text}`,
    ),
    expect.stringMatching(/^portslice: 1 server started; 0 never ready; the slowest was ready after /),
    'portslice: report in ports-report/index.html',
  ]);
  process.kill(Number(leak?.text));
});

const SIMPLE = `
  import { test } from 'portslice/vitest';
  test('none', () => {});
  test('one', ({ port, filePort }) => {});
  test('two', ({ port }) => {});
`;

const CONFIG = `
  import { defineConfig } from 'vitest/config';
  import portslice from 'portslice/vitest/plugin';
  export default defineConfig({ plugins: [portslice({ report: true })], test: { maxWorkers: 1, minWorkers: 1, testTimeout: 30_000 } });
`;

const SIMPLE_FILES = { 'vitest.config.ts': CONFIG, 'a.test.ts': SIMPLE, 'b.test.ts': SIMPLE };

async function expectMerged(project: Project, options: VitestOptions = {}): Promise<void> {
  for (const shard of ['1', '2']) {
    const finished = await run(
      project,
      [`--shard=${shard}/2`, '--reporter=blob', `--outputFile.blob=blobs/${shard}.json`],
      options,
    );
    expect(finished.exitCode, finished.output).toBe(0);
  }
  const merged = await run(project, ['--merge-reports=blobs'], options);
  expect(merged.exitCode, merged.output).toBe(0);
  const report = readPortsReport(project);
  expect(report.machines.map(({ shard, clockAheadMs }) => [shard?.current, clockAheadMs])).toEqual([
    [1, 0],
    [2, 0],
  ]);
  expect(new Set(report.machines.map(({ pool }) => pool?.runId)).size).toBe(2);
  expect(
    report.tests.map(({ machine, worker, titles, ports }) => [machine, worker, titles, ports.length]),
  ).toEqual([
    [0, 1, ['one'], 1],
    [0, 1, ['two'], 1],
    [1, 1, ['one'], 1],
    [1, 1, ['two'], 1],
  ]);
  expect(report.shared.map(({ machine, scope }) => [machine, scope])).toEqual([
    [0, 'file'],
    [1, 'file'],
  ]);
  expect(report.testsWithoutPorts).toBe(2);
  expect(reportLines(merged.output)[0]).toContain('on 2 machines;');
}

test('two shards become one report with a machine for each', async ({ createProject }) => {
  await expectMerged(await createProject(SIMPLE_FILES));
});

for (const { vitest, vite } of [
  { vitest: '3.2.7', vite: '7.3.8' },
  { vitest: '4.1.12', vite: '8.3.8' },
]) {
  test(`Vitest ${vitest} has a report, too, of its shards and of a run`, async ({ createProject }) => {
    const folder = installed('vitest', { vitest, vite });
    const project = await createProject(SIMPLE_FILES);
    const command = useVitest(project, folder);
    const { output } = await run(project, [], { command });
    expect(output).toContain(`v${vitest}`);
    const report = readPortsReport(project);
    expect(report).toMatchObject({ runner: { version: vitest }, testsWithoutPorts: 2 });
    expect(report.tests.map(({ titles, outcome }) => `${titles.join()} ${outcome}`).toSorted()).toEqual([
      'one passed',
      'one passed',
      'two passed',
      'two passed',
    ]);
    expect(reportLines(output)).toHaveLength(4);
    await expectMerged(project, { command });
  });
}

test('in watch mode each run has its report, and the run with an option that is none is refused', async ({
  createProject,
}) => {
  const project = await createProject(SIMPLE_FILES);
  const watch = startVitest(project, [
    '--watch',
    '--reporter=default',
    '--reporter=portslice/vitest/reporter',
  ]);
  await watch.waitForOutput(/report in ports-report/);
  expect(readPortsReport(project).tests).toHaveLength(4);
  rmSync(path.join(project.dir, 'ports-report'), { recursive: true });
  project.write({ 'a.test.ts': SIMPLE.replace("test('one'", "test('changed'") });
  await watch.waitForOutput(/(report in ports-report[^]*){2}/);
  const again = readPortsReport(project);
  expect(again.tests.map(({ titles }) => titles[0])).toEqual(['changed', 'two']);
  watch.kill();
  await watch.finished;
  project.write({ 'vitest.config.ts': CONFIG.replace('report: true', 'report: { folder: 1 }') });
  const { exitCode, output } = await run(project);
  expect(exitCode).toBe(1);
  expect(output).toContain('report.folder is 1; expected the path of a folder');
});

test('without a reporter nothing is written, and nothing more than before is told', async ({
  createProject,
}) => {
  const project = await createProject({
    ...SIMPLE_FILES,
    'vitest.config.ts': CONFIG.replace('{ report: true }', ''),
    'a.test.ts': `
      import { test } from 'portslice/vitest';
      import { expect } from 'vitest';
      test('one', ({ port, task }) => {
        expect(process.env.PORTSLICE_RUN_FACTS).toBe(undefined);
        expect(task.file.meta).toEqual({});
      });
    `,
  });
  const { exitCode, output } = await run(project);
  expect(exitCode, output).toBe(0);
  expect(reportLines(output)).toEqual([]);
  expect(existsSync(path.join(project.dir, 'ports-report'))).toBe(false);
});
