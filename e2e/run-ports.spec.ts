import { existsSync } from 'node:fs';
import { readLog } from './support/inside.program.ts';
import { logPath, playwrightEnvironment, runPlaywright } from './support/playwright-project.ts';
import { expect, type Project, test } from './support/project.ts';
import { runPortFiles } from './support/run-port-project.ts';
import { TestServer } from './support/test-server.ts';
import { expectNoneLocked, lockedPorts } from './support/what-is-left.ts';

/** A global setup that lets a test look at a run that has begun. */
const WAIT_FOR_FILE = `
  import { existsSync } from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  export default async () => {
    console.log('the run has begun');
    while (process.env.WAIT_FOR && !existsSync(process.env.WAIT_FOR)) await setTimeout(20);
  };
`;

function configWith(webServer: string, options?: string): string {
  return runPortFiles({ webServer, ...(options === undefined ? {} : { options }) })[
    'playwright.config.ts'
  ] as string;
}

/** The ports on which the project's tests have found their page. */
function portsOf(project: Project): number[] {
  return [...new Set(readLog(logPath(project)).map(({ port }) => port))];
}

test('webServer and baseURL meet on a run port, in all projects and repetitions, and in the next run', async ({
  createProject,
}) => {
  test.slow();
  const project = await createProject(
    runPortFiles({ settings: "projects: [{ name: 'one' }, { name: 'two' }], repeatEach: 2," }),
  );
  for (let run = 0; run < 2; run++) {
    const { exitCode, output } = await runPlaywright(project);
    expect(exitCode, output).toBe(0);
    expect(output).toContain('12 passed');
    expect(output).not.toContain('portslice:');
  }
  expect(portsOf(project)).toHaveLength(1);
  await expectNoneLocked(project);
});

test('a list of the tests leaves nothing behind', async ({ createProject }) => {
  const project = await createProject(runPortFiles());
  const { exitCode, output } = await project.run(
    'playwright',
    ['test', '--list'],
    playwrightEnvironment(project),
  );
  expect(exitCode, output).toBe(0);
  expect(output).toContain('Total: 3 tests');
  await expectNoneLocked(project);
  expect(existsSync(logPath(project))).toBe(false);
});

test('two runs of one folder at once have different ports, and the second says why', async ({
  createProject,
}) => {
  const project = await createProject({
    ...runPortFiles({ settings: "globalSetup: './wait.js'," }),
    'wait.js': WAIT_FOR_FILE,
  });
  const waiting = playwrightEnvironment(project, { env: { WAIT_FOR: `${project.dir}/go` } });
  const first = project.start('playwright', ['test'], waiting);
  await first.waitForOutput(/the run has begun/);
  const second = await runPlaywright(project);
  expect(second.exitCode, second.output).toBe(0);
  const [, port, wanted] =
    /^portslice: 'web' is (\d+) this time: port (\d+) is taken: pid \d+ \(.*playwright.*\) holds it for 'run port 'web''\. Stop that process, and start again, to have \d+$/m.exec(
      second.stderr,
    ) ?? [];
  expect(portsOf(project), second.output).toEqual([Number(port)]);
  project.write({ go: '' });
  const { exitCode, output } = await first.finished;
  expect(exitCode, output).toBe(0);
  expect(portsOf(project)).toEqual([Number(port), Number(wanted)]);
});

test('what a killed run has left running is never taken for the server of the next one', async ({
  createProject,
}) => {
  const project = await createProject({
    ...runPortFiles({ webServer: 'reuseExistingServer: true', settings: "globalSetup: './wait.js'," }),
    'wait.js': WAIT_FOR_FILE,
  });
  const crashed = project.start(
    'playwright',
    ['test'],
    playwrightEnvironment(project, { env: { WAIT_FOR: 'nothing' } }),
  );
  await crashed.waitForOutput(/the run has begun/);
  crashed.kill('SIGKILL');
  await crashed.finished;
  const { exitCode, output, stderr } = await runPlaywright(project);
  expect(exitCode, output).toBe(0);
  const [, port, pid] =
    /^portslice: 'web' is (\d+) this time: port \d+ is taken: pid (\d+) \(node server\.js\) listens on it\. Stop that process, and start again, to have \d+$/m.exec(
      stderr,
    ) ?? [];
  expect(portsOf(project), output).toEqual([Number(port)]);
  process.kill(Number(pid));
});

test('the server of portslice run is joined, and only if the configuration wants it', async ({
  createProject,
}) => {
  test.slow();
  const project = await createProject({
    ...runPortFiles(),
    'own.config.ts': configWith('reuseExistingServer: false', '{ join: false }'),
    'refuses.config.ts': configWith('reuseExistingServer: false'),
  });
  const dev = project.start('npm', ['run', 'dev']);
  const [, number] = await dev.waitForOutput(/listening on (\d+)/);
  const joined = await runPlaywright(project);
  expect(joined.exitCode, joined.output).toBe(0);
  expect(portsOf(project)).toEqual([Number(number)]);

  const own = await runPlaywright(project, ['--config=own.config.ts']);
  expect(own.exitCode, own.output).toBe(0);
  expect(own.stderr).toMatch(
    /^portslice: 'web' is \d+ this time: port \d+ is taken: .*portslice run -- node server.js/m,
  );
  expect(portsOf(project)).toHaveLength(2);

  const refused = await project.run(
    'playwright',
    ['test', '--config=refuses.config.ts'],
    playwrightEnvironment(project),
  );
  expect(refused.exitCode).toBe(1);
  expect(refused.output).toContain(`webServer.reuseExistingServer is false, but runPort('web') is ${number}`);

  dev.killGroup('SIGTERM');
  await dev.finished;
  const alone = await runPlaywright(project);
  expect(alone.exitCode, alone.output).toBe(0);
  await expectNoneLocked(project);
});

test('portslice run in a webServer has the number of its run, and no other run joins it', async ({
  createProject,
}) => {
  const project = await createProject({
    ...runPortFiles({
      webServer: "command: 'npm run dev', reuseExistingServer: true, stdout: 'pipe'",
      settings: "globalSetup: './wait.js',",
    }),
    'wait.js': WAIT_FOR_FILE,
  });
  const waiting = playwrightEnvironment(project, { env: { WAIT_FOR: `${project.dir}/go` } });
  const first = project.start('playwright', ['test'], waiting);
  await first.waitForOutput(/the run has begun/);
  const url = await project.run('portslice', ['url', 'web']);
  expect(url.exitCode, url.output).toBe(1);
  const second = await runPlaywright(project);
  expect(second.exitCode, second.output).toBe(0);
  project.write({ go: '' });
  const { exitCode, output } = await first.finished;
  expect(exitCode, output).toBe(0);
  expect(output).toMatch(/portslice: WEB is \d+/);
  expect(portsOf(project)).toHaveLength(2);
});

test('a worker that asks for a name which the configuration has not is told what to do', async ({
  createProject,
}) => {
  const project = await createProject({
    ...runPortFiles(),
    'page.spec.ts': `
      import { test } from '@playwright/test';
      import { runPort } from 'portslice';
      test('asks for another', () => { runPort('api'); });
    `,
  });
  const run = await runPlaywright(project);
  expect(run.exitCode).toBe(1);
  expect(run.result('asks for another').error?.message).toMatch(
    /RunPortUnknownError: The run's main process \(pid \d+\) has no run port 'api'.* It has 'web'\. Call runPort\('api'\) in the runner's configuration/,
  );
});

test('an editor that lists the tests keeps no number, and its runs have the same one, after edits, too', async ({
  createProject,
}) => {
  const project = await createProject(runPortFiles());
  const editor = await TestServer.start(project);
  await editor.call('listTests');
  await expectNoneLocked(project);
  for (let run = 0; run < 2; run++) {
    expect(await editor.call('runGlobalSetup'), editor.program.output).toBe('passed');
    expect(await editor.call('runTests', { locations: [] }), editor.program.output).toBe('passed');
    expect(await editor.call('runGlobalTeardown')).toBe('passed');
  }
  const [port, ...others] = portsOf(project);
  expect(others).toEqual([]);
  expect(lockedPorts(project)).toEqual([port]);

  const { 'playwright.config.ts': config = '' } = runPortFiles();
  project.write({ 'playwright.config.ts': `${config}\nrunPort('api');` });
  expect(await editor.call('runTests', { locations: [] })).toBe('failed');
  expect(editor.program.output).toContain('start the run again if you have just added it');
  await editor.close();
  await expectNoneLocked(project);
});
