import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { usePackages } from './support/installed-packages.ts';
import { playwrightEnvironment, playwrightFiles, runPlaywright } from './support/playwright-project.ts';
import { HOSTILE_TITLE, readPortsReport, reportLines } from './support/ports-report.ts';
import { expect, type Project, type ProjectFiles, test } from './support/project.ts';
import { folderOf, majorOf, nodeProgram, RUNNER_VERSIONS } from './support/runner-versions.ts';
import { INSIDE_JS } from './support/scripts.ts';

const SPECS = {
  'shop.spec.ts': `
    import { expect, test } from 'portslice/playwright';
    import { note, startServerProcess } from './inside.ts';

    const command = ['node', 'server.ts', '{port}', 'a program'];

    test('has none', () => {});
    test.describe('shop', () => {
      test('leaks', async ({ port }) => {
        const { pid } = await startServerProcess(port);
        note(String(pid), port);
      });
    });
    test('starts a server', async ({ servers, workerPort }) => {
      const server = await servers.start({ command, ready: '/' });
      note('server ' + server.pid, server);
    });
    test('waits and borrows', async ({ ports }) => {
      const first = await ports.acquire();
      setTimeout(() => first.cleanup(), 50);
      await ports.acquireMany(98);
    });
    test(${JSON.stringify(HOSTILE_TITLE)}, ({ port }) => {});
    test('has two attempts', async ({ port }, testInfo) => {
      expect(testInfo.retry).toBe(1);
    });
    test('runs out of time', async ({ port }) => {
      test.setTimeout(500);
      await new Promise(() => {});
    });
  `,
  'killed.spec.ts': `
    import { test } from 'portslice/playwright';
    import { note } from './inside.ts';
    test('kills its worker', async ({ port }) => {
      note('killed', port);
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => {});
    });
  `,
};

const TWO_PROJECTS = "projects: [{ name: 'one', testMatch: /shop/ }, { name: 'two', testMatch: /killed/ }]";

function filesWith(report: string, files: ProjectFiles = SPECS, settings = ''): ProjectFiles {
  return playwrightFiles(`workers: 1, retries: 1, ${settings}`, files, `report: ${report}`);
}

/** With the reporters of the configuration. */
async function run(project: Project, args: readonly string[] = [], env: Record<string, string> = {}) {
  return project.run('playwright', ['test', ...args], playwrightEnvironment(project, { env }));
}

test('the report of a run has what its tests did with their ports, and the run ends with three lines', async ({
  createProject,
}) => {
  const project = await createProject(filesWith('true', SPECS, TWO_PROJECTS));
  const finished = await runPlaywright(project, ['--reporter=line,json,portslice/playwright/reporter']);
  const { output, log } = finished;
  expect(finished.exitCode, output).toBe(1);
  const report = readPortsReport(project);
  expect(report).toMatchObject({ runner: { name: 'playwright' }, testsWithoutPorts: 1 });

  const [machine, ...others] = report.machines;
  expect(others).toEqual([]);
  expect(machine).toMatchObject({ clockAheadMs: 0, pool: { portCount: 100 } });
  expect(machine?.pool?.slices.length).toBeGreaterThan(2);
  expect(machine?.pool?.excluded.length).toBeGreaterThan(0);

  const leak = log.find(({ text }) => /^\d+$/.test(text));
  expect(report.attempt('leaks')).toMatchObject({
    project: 'one',
    file: 'shop.spec.ts',
    titles: ['shop', 'leaks'],
    worker: 0,
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
  // Where the HTML report shows it.
  const { id } = report.attempt('leaks');
  const link = `ports-report/index.html#test=${encodeURIComponent(id)}`;
  expect(finished.result('leaks').annotations).toContainEqual({ type: 'ports report', description: link });
  expect(finished.result('starts a server').annotations.map(({ type }) => type)).not.toContain(
    'ports report',
  );
  const server = log.find(({ text }) => text.startsWith('server '));
  expect(report.attempt('starts a server').servers).toMatchObject([
    { fixture: 'servers', ports: { port: server?.port }, processId: Number(server?.text.slice(7)) },
  ]);
  expect(report.shared).toMatchObject([{ scope: 'worker', worker: 0, ports: [{ fixture: 'workerPort' }] }]);
  const waiting = report.attempt('waits and borrows').ports;
  expect(waiting).toHaveLength(99);
  expect(waiting[1]?.waitedMs).toBeGreaterThan(0);
  expect(waiting.some(({ borrowed }) => borrowed)).toBe(true);
  expect(report.attempt(HOSTILE_TITLE).ports).toHaveLength(1);
  expect(report.attempts('has two attempts').map(({ retry, outcome }) => [retry, outcome])).toEqual([
    [0, 'failed'],
    [1, 'passed'],
  ]);
  expect(report.attempts('runs out of time')[0]).toMatchObject({
    outcome: 'timedOut',
    ports: [{ state: 'sealed' }],
  });
  const killed = log.filter(({ text }) => text === 'killed');
  expect(killed).toHaveLength(2);
  expect(report.attempts('kills its worker').map(({ outcome, ports }) => ({ outcome, ports }))).toMatchObject(
    killed.map(({ port }) => ({ outcome: 'failed', ports: [{ port, fixture: 'unknown' }] })),
  );
  expect(report.summary).toMatchObject({
    leaks: 1,
    waits: { count: 1 },
    peak: { portCount: 99, machine: 0, worker: 0 },
    servers: { count: 1, failed: 0 },
  });

  expect(reportLines(output)).toEqual([
    expect.stringMatching(
      /^portslice: \d+ ports handed out of a pool of 100; at most 99 at once, most of them in worker 0; 1 wait, at most \d+ ms; \d+ borrowed\.$/,
    ),
    expect.stringContaining(
      `1 server left behind: port ${leak?.port} of 'shop.spec.ts > shop > leaks' to pid ${leak?.text}`,
    ),
    expect.stringMatching(/^portslice: 1 server started; 0 never ready; the slowest was ready after /),
    'portslice: report in ports-report/index.html',
  ]);
  process.kill(Number(leak?.text));
});

test('two shards become one report with a machine for each', async ({ createProject }) => {
  const project = await createProject(filesWith('true', SPECS, 'fullyParallel: true'));
  for (const shard of ['1', '2']) {
    const env = { PLAYWRIGHT_BLOB_OUTPUT_FILE: `blobs/${shard}.zip` };
    await run(project, [`--shard=${shard}/2`, '--reporter=blob', '--grep-invert=leaks'], env);
  }
  const merged = await project.run('playwright', ['merge-reports', '--config=playwright.config.ts', 'blobs']);
  expect(merged.exitCode, merged.output).toBe(0);
  const report = readPortsReport(project);
  expect(report.machines.map(({ shard, clockAheadMs }) => ({ shard, clockAheadMs }))).toEqual([
    { shard: { current: 1, total: 2 }, clockAheadMs: 0 },
    { shard: { current: 2, total: 2 }, clockAheadMs: 0 },
  ]);
  expect(new Set(report.machines.map(({ pool }) => pool?.runId)).size).toBe(2);
  expect(new Set(report.tests.map(({ machine }) => machine))).toEqual(new Set([0, 1]));
  for (const { ports, machine } of report.tests)
    for (const { port } of ports)
      expect(holds(report.machines[machine]?.pool?.ranges ?? [], port)).toBe(true);
  expect(reportLines(merged.output)[0]).toContain('on 2 machines;');
});

function holds(ranges: readonly { firstPort: number; lastPort: number }[], port: number): boolean {
  return ranges.some(({ firstPort, lastPort }) => firstPort <= port && port <= lastPort);
}

const BREAKER = `
  export default class {
    onTestEnd(test, result) {
      if (test.title === 'throws') Object.defineProperty(result, 'parallelIndex', { get() { throw new Error('none\\n'); } });
    }
  }
`;
const FEW = {
  'few.spec.ts': `
    import { test } from 'portslice/playwright';
    test('is well', ({ port }) => {});
    test('throws', ({ port }) => {});
    test('is damaged', async ({ port }, testInfo) => {
      testInfo.attachments.push({ name: 'portslice', contentType: 'application/json', body: Buffer.from('[{"half') });
      testInfo.attachments.push({ name: 'portslice', contentType: 'application/json', path: 'no-such-file' });
    });
  `,
  'breaker.ts': BREAKER,
};

test('what it cannot read is missing in the report, and breaks no run', async ({ createProject }) => {
  const project = await createProject(filesWith('true', FEW, "reporter: [['./breaker.ts'], ['line']]"));
  const finished = await run(project);
  expect(finished.exitCode, finished.output).toBe(0);
  const report = readPortsReport(project);
  expect(report.tests.map(({ titles }) => titles[0])).toEqual(['is well', 'is damaged']);
  expect(report.attempt('is damaged').ports).toHaveLength(1);
  expect(reportLines(finished.output)).toContainEqual(
    expect.stringMatching(/^portslice: the report lacks 3 parts that cannot be read: /),
  );
});

test('a folder that cannot be written is told in one line, and breaks no run', async ({ createProject }) => {
  const project = await createProject(filesWith("{ folder: 'taken/by-a-file' }", FEW));
  writeFileSync(path.join(project.dir, 'taken'), '');
  const finished = await run(project, ['--grep=is well']);
  expect(finished.exitCode, finished.output).toBe(0);
  expect(reportLines(finished.output)).toHaveLength(4);
  expect(reportLines(finished.output).at(-1)).toMatch(
    /^portslice: the report of the ports is not written: .*taken/,
  );
});

test('options that are none are refused before a test runs; of the reporter itself, whose options Playwright extends, they are told', async ({
  createProject,
}) => {
  const project = await createProject(filesWith("{ directory: 'out' }", FEW));
  const refused = await run(project);
  expect(refused.exitCode).toBe(1);
  expect(refused.output).toContain('report.directory is not an option; expected folder.');
  expect(refused.output).not.toContain('is well');
  const reporter = "reporter: [['portslice/playwright/reporter', { directory: 'out' }]]";
  project.write(filesWith('false', FEW, reporter));
  const told = await run(project, ['--grep=is well']);
  expect(told.exitCode, told.output).toBe(0);
  expect(reportLines(told.output)).toContain(
    "portslice: 'directory' is no option of the reporter, which takes 'folder' only",
  );
  const listed = await run(project, ['--list']);
  expect(listed.exitCode, listed.output).toBe(0);
  expect(listed.output).toContain('is well');
  expect(reportLines(listed.output)).toEqual([]);
});

test('in GitHub Actions leaks and tests without a port are warnings, and the job has a summary', async ({
  createProject,
}) => {
  const project = await createProject(
    filesWith('true', {
      'hungry.spec.ts': `
        import { test } from 'portslice/playwright';
        test('finds none', async ({ ports }) => {
          test.fail();
          await ports.acquireMany(60);
          await ports.acquire({ acquireTimeoutMs: 10, port: 1 });
        });
        test('has too few', async ({ ports }) => {
          test.fail();
          await ports.acquireMany(99, { acquireTimeoutMs: 10 });
          await ports.acquireMany(2, { acquireTimeoutMs: 10 });
        });
      `,
    }),
  );
  const summary = path.join(project.dir, 'summary.md');
  const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary, GITHUB_WORKSPACE: project.dir };
  const { output } = await run(project, ['--retries=0'], env);
  const warnings = output.split('\n').filter((line) => line.startsWith('::warning'));
  expect(warnings, output).toHaveLength(1);
  expect(warnings[0]).toMatch(
    /^::warning title=No free port,file=hungry\.spec\.ts,line=8::PortPoolExhaustedError/,
  );
  expect(readFileSync(summary, 'utf8')).toContain('| Handed out | 159 |');
});

test('Playwright 1.50 has a report, too, of its shards and of a run', async ({ createProject }) => {
  const old = RUNNER_VERSIONS.find(({ runner }) => runner === 'Playwright');
  if (old === undefined) throw new Error('There is no older Playwright');
  // An ES module for a configuration hangs there on Node 24 and later.
  const type = old.commonJsOn?.includes(majorOf(process.versions.node)) === true ? {} : { type: 'module' };
  const project = await createProject({
    'package.json': JSON.stringify(type),
    'inside.js': INSIDE_JS,
    'playwright.config.js': `
      import { defineConfig } from '@playwright/test';
      import { withPorts } from 'portslice/playwright';
      export default withPorts(defineConfig({ workers: 1, fullyParallel: true }), { report: true });
    `,
    'a.spec.js': `
      import { test } from 'portslice/playwright';
      for (const title of ['one', 'two', 'three']) test(title, ({ port, workerPort }) => {});
    `,
  });
  usePackages(project, folderOf(old), ['@playwright', 'playwright', 'playwright-core']);
  const playwright = (...args: string[]) =>
    project.run(nodeProgram(process.versions.node), ['node_modules/@playwright/test/cli.js', ...args], {
      env: { PWTEST_BLOB_DO_NOT_REMOVE: '1' },
    });
  const finished = await playwright('test');
  expect(finished.exitCode, finished.output).toBe(0);
  const { machines, tests, runner } = readPortsReport(project);
  expect(runner.version).toBe(old.version);
  expect(machines).toHaveLength(1);
  expect(tests.map(({ ports }) => ports.length)).toEqual([1, 1, 1]);
  for (const shard of ['1', '2']) await playwright('test', `--shard=${shard}/2`, '--reporter=blob');
  const merged = await playwright('merge-reports', '--config=playwright.config.js', 'blob-report');
  expect(merged.exitCode, merged.output).toBe(0);
  const report = readPortsReport(project);
  expect(report.machines.map(({ shard }) => shard?.current)).toEqual([1, 2]);
  expect(report.tests).toHaveLength(3);
});
