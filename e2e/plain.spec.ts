import path from 'node:path';
import { playwrightFiles, runPlaywright } from './support/playwright-project.ts';
import { expect, test } from './support/project.ts';
import { INSIDE_JS, systemNode } from './support/scripts.ts';
import { runVitest, vitestFiles } from './support/vitest-project.ts';
import { expectAllReleased, expectNoneLocked } from './support/what-is-left.ts';

const SERVER = `
import { createServer } from 'node:http';
import { TCPPortOwner } from 'portslice';
const port = new TCPPortOwner();
createServer((_, response) => response.end('pid ' + process.pid)).listen(port.port, () => console.log('at ' + port.url()));
`;

for (const [node, find] of [
  ['our Node', () => 'node'],
  ["the system's Node", systemNode],
] as const) {
  test(`scripts at the same time have ports of their own until they end, on ${node}`, async ({
    createProject,
  }) => {
    const project = await createProject({ 'server.js': SERVER });
    const { firstPort } = project.ports;
    const env = { PORTSLICE_PORTS: `${firstPort},${firstPort + 1}` };
    const start = async () => {
      const program = project.start(find(), ['server.js'], { env });
      const [, url = ''] = await program.waitForOutput(/at (.*)\n/);
      return { program, url };
    };
    const both = await Promise.all([start(), start()]);
    expect(both.map(({ url }) => url).toSorted()).toEqual([
      `http://localhost:${firstPort}`,
      `http://localhost:${firstPort + 1}`,
    ]);
    for (const { program, url } of both) expect(await (await fetch(url)).text()).toBe(`pid ${program.pid}`);

    const third = await project.run(find(), ['server.js'], { env });
    expect(third.exitCode).toBe(1);
    expect(third.stderr).toContain(
      'No port is free in the pool of 2: 0 held in this run, 0 sealed, 2 locked by other runs',
    );

    const [first] = both;
    first.program.kill('SIGKILL');
    await first.program.finished;
    expect((await start()).url).toBe(first.url);
  });
}

test('using gives the port back at the end of the block', async ({ createProject }) => {
  const project = await createProject({
    'inside.js': INSIDE_JS,
    'using.js': `
      import { portAllocationStats, TCPPortOwner } from 'portslice';
      import { isLocked } from './inside.js';
      let port, inside;
      {
        using owner = new TCPPortOwner();
        port = owner.port;
        inside = isLocked(owner);
      }
      console.log(inside, isLocked({ port }), portAllocationStats().currentlyAllocatedPorts);
    `,
  });
  expect(await project.run('node', ['using.js'])).toMatchObject({ exitCode: 0, output: 'true false 0\n' });
});

/** A program that a test starts, as the test sees it. */
const CHILD = `
import { PortPool, TCPPortOwner } from 'portslice';
const owner = new TCPPortOwner({ label: 'child' });
const pool = PortPool.attach();
const { slice } = pool.snapshot().find(({ port }) => port === owner.port);
console.log(JSON.stringify({ handle: pool.handle, port: owner.port, slice }));
`;

const START_CHILD = `
import { execFileSync } from 'node:child_process';
import { PortPool } from 'portslice';
const startChild = (port) => {
  const child = JSON.parse(execFileSync('node', [process.env.CHILD], { encoding: 'utf8' }));
  const pool = PortPool.attach();
  const ours = pool.snapshot().find((record) => record.port === port.port);
  return { samePool: child.handle === pool.handle, samePort: child.port === port.port, child: child.slice, test: ours.slice };
};
const EXPECTED = { samePool: true, samePort: false, child: 0, test: expect.any(Number) };
`;

const STARTS = `
  async ({ port }) => {
    const found = startChild(port);
    expect(found).toEqual(EXPECTED);
    expect(found.test).toBeGreaterThan(0);
  }
`;

test('a process that a Vitest test starts allocates from slice 0 of the same pool', async ({
  createProject,
}) => {
  const starts = `
    import { test } from 'portslice/vitest';
    import { expect } from 'vitest';
    ${START_CHILD}
    test('starts', ${STARTS});
  `;
  const projects = ['forks', 'threads', 'vmThreads'].map(
    (pool) => `{ extends: true, test: { name: '${pool}', pool: '${pool}' } }`,
  );
  const files = vitestFiles(`maxWorkers: 2, projects: [${projects.join()}]`, {
    'starts.test.ts': starts,
    'child.js': CHILD,
  });
  const project = await createProject(files);
  const run = await runVitest(project, [], { env: { CHILD: path.join(project.dir, 'child.js') } });
  expect(run.titles('passed'), run.output).toHaveLength(3);
  await expectAllReleased(project);
});

test('a process that a Playwright test starts allocates from slice 0 of the same pool', async ({
  createProject,
}) => {
  const starts = `
    import { expect, test } from 'portslice/playwright';
    ${START_CHILD}
    test('starts', ${STARTS});
  `;
  const project = await createProject(
    playwrightFiles('workers: 1', { 'starts.spec.ts': starts, 'child.js': CHILD }),
  );
  const run = await runPlaywright(project, [], { env: { CHILD: path.join(project.dir, 'child.js') } });
  expect(run.titles('passed'), run.output).toEqual(['starts']);
  await expectAllReleased(project);
});

test('a runner that a test starts has a pool of its own', async ({ createProject }) => {
  const nested = `
    import { PortPool, TCPPortOwner } from 'portslice';
    import { test } from 'portslice/vitest';
    import { expect } from 'vitest';
    import { isLocked, note, serve, close } from '../inside.ts';
    test('nested', async ({ port }) => {
      await close(await serve(port));
      // In the outer runner's pool it would count, too.
      expect(PortPool.attach().stats().lifetimeTotalAllocatedPorts).toBe(1);
      expect(isLocked({ port: Number(process.env.OUTER_PORT) })).toBe(true);
      note('nested ' + process.env.PORTSLICE_POOL + ' ' + port);
    });
  `;
  const outer = `
    import { spawn } from 'node:child_process';
    import { once } from 'node:events';
    import { test } from 'portslice/vitest';
    import { expect } from 'vitest';
    import { note, serve, close } from './inside.ts';
    test('outer', { timeout: 90_000 }, async ({ port, ports }) => {
      const server = await serve(port);
      const runner = spawn('vitest', ['run', '--root', 'nested'], { env: { ...process.env, OUTER_PORT: String(port) }, stdio: 'inherit' });
      expect(await once(runner, 'exit')).toEqual([0, null]);
      note('outer ' + process.env.PORTSLICE_POOL + ' ' + port);
      await close(server);
      // The outer pool has outlived the inner one.
      await close(await serve(await ports.acquire()));
    });
  `;
  const { 'vitest.config.ts': config = '' } = vitestFiles('', {});
  const files = vitestFiles(`include: ['*.test.ts']`, {
    'outer.test.ts': outer,
    'nested/vitest.config.ts': config.replace(/globalSetup: [^,]*,/, ''),
    'nested/nested.test.ts': nested,
  });
  const project = await createProject(files);
  const run = await runVitest(project);
  expect(run.exitCode, run.output).toBe(0);
  const [nestedPool, nestedPort] = run.notes('nested ')[0]?.split(' ') ?? [];
  const [outerPool, outerPort] = run.notes('outer ')[0]?.split(' ') ?? [];
  expect(nestedPool).toMatch(/^\S+$/);
  expect(nestedPool).not.toBe(outerPool);
  expect(nestedPort).not.toBe(outerPort);
  await expectNoneLocked(project);
});
