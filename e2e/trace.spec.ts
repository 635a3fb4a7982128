/** `DEBUG=portslice:*` in the workers of the runners, in the command, and on other runtimes. */
import { realpathSync } from 'node:fs';
import { usePackages } from './support/installed-packages.ts';
import { bun, deno } from './support/other-runtimes.ts';
import { installation } from './support/package.ts';
import { playwrightFiles, runPlaywright } from './support/playwright-project.ts';
import { expect, test } from './support/project.ts';
import { runPortFiles } from './support/run-port-project.ts';
import { startVitest, vitestFiles } from './support/vitest-project.ts';

const DEBUG = 'portslice:*';

/** What a test does after another one has failed: claims a port more, and ends with its process before anybody else does anything. */
const TESTS = `
  test('fails', async ({ port }) => {
    throw new Error('on port ' + port);
  });
  test('is killed', async ({ ports }) => {
    await ports.acquire();
    process.kill(process.pid, 'SIGKILL');
  });
`;

/** The lines of the trace, in which colours, times and numbers say nothing. */
function linesOf(stderr: string): string[] {
  return [...stderr.matchAll(/portslice:(\S+) \[[\d/]+\] (.*)/g)].map(([, namespace, text = '']) => {
    const told = text.replace(/ \+[\d.]+m?s$/, '').replaceAll(/\b[\d.]+ ms/g, 'N ms');
    return `${namespace}: ${told.replaceAll(/run [\da-f]{8} of pid \d+|\bpid \d+|\b\d{4,5}\b/g, '#')}`;
  });
}

/** Of a worker whose last test is killed. */
function expectWorkersLines(stderr: string, file: string): void {
  const lines = linesOf(stderr);
  const pool = '#, 100 ports in 4 slices';
  expect(lines[0], stderr).toBe(`pool: created in N ms for 1 worker: ${pool}`);
  expect(lines).toEqual(
    expect.arrayContaining([
      `pool: attached in N ms: ${pool}`,
      expect.stringMatching(`^pool: slice \\d is for this thread, worker 1: ${pool}$`),
      expect.stringMatching(`^claim: # claimed in N ms, slice \\d, '${file} > fails'$`),
      expect.stringMatching(
        `^release: # sealed after N ms, slice \\d, '${file} > fails': its test has failed$`,
      ),
      expect.stringMatching(`^claim: # claimed in N ms, slice \\d, '${file} > is killed'$`),
    ]),
  );
}

for (const pool of ['forks', 'threads', 'vmForks', 'vmThreads']) {
  test(`Vitest's workers in ${pool} lose no line, though they are killed after the last one`, async ({
    createProject,
  }) => {
    const files = vitestFiles(`pool: '${pool}', maxWorkers: 1`, {
      'a.test.ts': `import { test } from 'portslice/vitest'; ${TESTS}`,
    });
    const project = await createProject(files);
    const run = await startVitest(project, ['run'], { env: { DEBUG } }).finished;
    expectWorkersLines(run.stderr, 'a.test.ts');
  });
}

test("Playwright's workers lose no line, though they are killed after the last one, and its report has them", async ({
  createProject,
}) => {
  const files = playwrightFiles('workers: 1', {
    'a.spec.ts': `import { test } from 'portslice/playwright'; ${TESTS}`,
  });
  const project = await createProject(files);
  const run = await runPlaywright(project, [], { env: { DEBUG } });
  expectWorkersLines(run.stderr, 'a.spec.ts');
  const told = run.result('fails').stderr.map((piece) => ('text' in piece ? piece.text : ''));
  expect(told.join('')).toContain("'a.spec.ts > fails'");
});

test('A server that a test has is told of by its worker', async ({ createProject }) => {
  const files = vitestFiles('maxWorkers: 1', {
    'a.test.ts': `
      import { test } from 'portslice/vitest';
      test.override('serverOptions', { command: ['node', 'server.js', '{port}'], label: 'shop' });
      test('shops', ({ server }) => {});
    `,
    'server.js': runPortFiles()['server.js'] as string,
  });
  const project = await createProject(files);
  const run = await startVitest(project, ['run'], { env: { DEBUG: 'portslice:server' } }).finished;
  expect(linesOf(run.stderr), run.output).toEqual([
    "server: # 'shop' (#) has been started",
    "server: # 'shop' (#) is ready after N ms",
    "server: # 'shop' (#) was stopped in N ms",
  ]);
});

test('A run port that is served and joined is told of on both sides', async ({ createProject }) => {
  const project = await createProject(runPortFiles({ webServer: 'reuseExistingServer: true' }));
  const env = { DEBUG: 'portslice:run-port' };
  const dev = project.start('portslice', ['run', '--', 'node', 'server.js'], { env });
  await dev.waitForOutput(/its server is ready/);
  const run = await runPlaywright(project, [], { env });
  expect(run.exitCode, run.output).toBe(0);
  dev.kill();
  const web = `run-port: # 'web' in ${realpathSync(project.dir)}:`;
  expect(new Set(linesOf(run.stderr))).toEqual(
    new Set([`${web} the server of portslice run (#) is joined`, "run-port: # 'web', as # has said"]),
  );
  expect(linesOf((await dev.finished).stderr)).toEqual([
    `${web} claimed for the server of portslice run`,
    `${web} its server is ready, and can be joined`,
    `${web} its server has ended`,
  ]);
});

const CLAIM = `
  import { TCPPortOwner } from 'portslice';
  const owner = new TCPPortOwner({ label: 'a test' });
  owner.cleanup();
`;

for (const { name, find } of [
  { name: 'Bun', find: bun },
  { name: 'Deno', find: deno },
]) {
  test(`The lines are the same on ${name}`, async ({ createProject }) => {
    const project = await createProject({ 'main.js': CLAIM });
    usePackages(project, installation().dir, ['obug']);
    const [program, ...args] = find().command;
    const run = await project.run(program, [...args, 'main.js'], { env: { DEBUG } });
    expect(run.exitCode, run.output).toBe(0);
    expect(linesOf(run.stderr)).toEqual([
      'pool: created in N ms for this thread alone: #, 100 ports in 1 slice',
      "claim: # claimed in N ms, slice 0, 'a test'",
      "release: # released after N ms, slice 0, 'a test'",
    ]);
  });
}

test('Deno need not allow the variable', async ({ createProject }) => {
  const project = await createProject({ 'main.js': `${CLAIM} console.log('done');` });
  usePackages(project, installation().dir, ['obug']);
  const [program, command] = deno().command;
  const permissions = ['--no-prompt', '--allow-all', '--deny-env=DEBUG'];
  const run = await project.run(program, [command as string, ...permissions, 'main.js'], { env: { DEBUG } });
  expect(run).toMatchObject({ exitCode: 0, stdout: 'done\n', stderr: '' });
});
