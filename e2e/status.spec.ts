/** `portslice status` while runs are live. */
import type { MachineStatus, PoolStatus, ReadablePool } from '../src/report/status/machine-status.ts';
import { findSchemaProblem } from '../test/support/check-schema.ts';
import { playwrightFiles } from './support/playwright-project.ts';
import { expect, type Program, type Project, test } from './support/project.ts';
import { runPortFiles } from './support/run-port-project.ts';
import { STAY } from './support/stay.ts';
import { vitestFiles } from './support/vitest-project.ts';

const PLAYWRIGHT_TESTS = `
  import { test } from 'portslice/playwright';
  import { stay } from './stay.js';
  for (const name of ['pays by card', 'pays by invoice']) test(name, ({ port }) => stay(Number(port)));
`;

const VITEST_TESTS = `
  import { test } from 'portslice/vitest';
  import { stay } from './stay.js';
  test('counts the visitors', ({ port }) => stay(Number(port)));
`;

const SCRIPT = `
  import { TCPPortOwner } from 'portslice';
  const owner = new TCPPortOwner({ label: 'seeds the database' });
  console.log('has ' + owner.port);
  setInterval(() => {}, 60_000);
`;

async function readStatus(project: Project): Promise<MachineStatus> {
  const { exitCode, stdout, stderr } = await project.run('portslice', ['status', '--json']);
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toBe('');
  const status = JSON.parse(stdout) as MachineStatus;
  expect(findSchemaProblem('status.schema.json', status)).toBeUndefined();
  return status;
}

/** That of the project's folder: other tests run on this machine too. */
function poolIn(project: Project, { pools }: MachineStatus): PoolStatus | undefined {
  return pools.find((pool) => pool.process.folder === project.dir);
}

function portsOf(pool: PoolStatus | undefined): ReadablePool['workers'][number]['ports'] {
  return pool?.isReadable === true ? pool.workers.flatMap(({ ports }) => ports) : [];
}

async function waitForTests(program: Program, count: number): Promise<void> {
  await program.waitForOutput(new RegExp(Array.from({ length: count }, () => 'stays on').join('[^]*')));
}

test('shows every live run with its workers, tests and servers, and not the one that was killed', async ({
  createProject,
}) => {
  test.slow();
  const settings = "workers: 2, timeout: 0, fullyParallel: true, reporter: 'line'";
  const playwright = await createProject(
    playwrightFiles(settings, { ...STAY, 'a.spec.ts': PLAYWRIGHT_TESTS }),
  );
  const vitest = await createProject(
    vitestFiles('testTimeout: 600_000,', { ...STAY, 'a.test.ts': VITEST_TESTS }),
  );
  const script = await createProject({ 'script.js': SCRIPT });
  const dev = await createProject(runPortFiles());
  const killed = playwright.start('playwright', ['test']);
  const others = [
    vitest.start('vitest', ['run']),
    script.start('node', ['script.js']),
    dev.start('portslice', ['run', '--', 'node', 'server.js']),
  ];
  await waitForTests(killed, 2);
  await waitForTests(others[0] as Program, 1);
  await others[1]?.waitForOutput(/has \d+/);
  await expect.poll(async () => (await dev.run('portslice', ['url'])).exitCode).toBe(0);

  const status = await readStatus(script);
  const pools = [playwright, vitest, script, dev].map((project) => poolIn(project, status));
  expect(pools.map((pool) => pool?.runner)).toEqual(['playwright', 'vitest', 'script', 'portslice run']);
  expect(pools.map((pool) => pool?.isReadable === true && pool.isPrivate)).toEqual([
    false,
    false,
    true,
    true,
  ]);
  const [run] = pools as [ReadablePool];
  expect(run.process.processId).toBe(killed.pid);
  const busy = run.workers.filter(({ ports }) => ports.length > 0);
  expect(busy.map(({ slice }) => slice)).toEqual([1, 2]);
  for (const { process, ports } of busy) {
    expect(process.processId).not.toBe(killed.pid);
    expect(ports).toMatchObject([{ state: 'held', listeners: [{ processId: process.processId }] }]);
  }
  const labels = pools.map((pool) => portsOf(pool).map(({ label }) => label));
  expect(labels[0]).toEqual(
    expect.arrayContaining([
      expect.stringContaining('pays by card'),
      expect.stringContaining('pays by invoice'),
    ]),
  );
  expect(labels.slice(1)).toEqual([
    [expect.stringContaining('counts the visitors')],
    ['seeds the database'],
    ["run port 'web'"],
  ]);
  expect((pools[3] as ReadablePool).servedNames).toMatchObject([{ name: 'web', isReady: true }]);

  const { stdout: text } = await script.run('portslice', ['status']);
  for (const pool of pools)
    for (const { port, label } of portsOf(pool))
      expect(text).toMatch(new RegExp(` ${port} .*${label.slice(-12)}`));
  for (const project of [playwright, vitest, script, dev]) expect(text).toContain(project.dir);

  const lost = portsOf(run).map(({ port }) => port);
  killed.killGroup('SIGKILL');
  await expect(async () => {
    const later = await readStatus(script);
    expect(poolIn(playwright, later)).toBeUndefined();
    const locked = [...later.pools.flatMap(portsOf), ...later.otherLocks.flatMap(({ ports }) => ports)];
    expect(locked.filter(({ port }) => lost.includes(port))).toEqual([]);
    for (const project of [vitest, script, dev]) expect(portsOf(poolIn(project, later))).toHaveLength(1);
  }).toPass();
});

test('says that there is nothing, and what is wrong with its arguments', async ({ createProject }) => {
  const project = await createProject({});
  const { exitCode, stderr } = await project.run('portslice', ['status', '--watch', '--interval', '0']);
  expect(exitCode).toBe(125);
  expect(stderr).toBe("portslice: --interval is '0'; expected a number of seconds from 0.1 to 3600.\n");
  const alone = await project.run('portslice', ['status', '--interval', '2']);
  expect(alone.exitCode).toBe(125);
  expect(alone.stderr).toMatch(/^portslice: --interval is 2; expected the option --watch beside it/);
});
