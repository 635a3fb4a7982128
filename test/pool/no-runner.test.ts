/** Plain scripts, and processes that a test starts. */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runsEveryProgram } from '../support/kernel-traits.ts';
import { startPortWorker } from '../support/port-worker.ts';
import { projectFolder, runScript, scriptOutput } from '../support/run-script.ts';
import { openTestPool } from '../support/test-pool.ts';

test('two plain scripts at once get different ports, each from a private pool', async () => {
  await using opened = await openTestPool(20);
  const env = { PORTSLICE_PORTS: opened.spec };
  await using one = startPortWorker({ env });
  await using other = startPortWorker({ env });
  const ports = (await Promise.all([one.call('acquireMany', 10), other.call('acquireMany', 10)])).flat();
  expect(ports.toSorted((a, b) => a - b)).toEqual(opened.ports);
  expect(await one.call('warnings')).toEqual([]);
  expect(opened.pool.snapshot()).toEqual([]);
});

test('a script needs no set-up, and its ports are free when it ends without cleaning up', async () => {
  await using opened = await openTestPool(1);
  const code = `
    import { TCPPortOwner } from './src/index.ts';
    const owner = new TCPPortOwner();
    console.log(JSON.stringify(owner));
  `;
  for (let run = 0; run < 2; run++) {
    const { status, stdout, stderr } = await runScript(code, { env: { PORTSLICE_PORTS: opened.spec } });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `${opened.ports[0]}\n`, stderr: '' });
  }
});

test('a process that a test starts inherits the pool and allocates from slice 0', async () => {
  await using opened = await openTestPool(20, { workers: 2 });
  const runsOwn = opened.pool.slice(0);
  const env = { ...opened.env, VITEST_POOL_ID: '2', VITEST_WORKER_ID: '2', TINYPOOL_WORKER_ID: '2' };
  await using child = startPortWorker({ env });
  const port = await child.call('claim');
  const first = opened.pool.ports.indexOf(runsOwn.first);
  expect(opened.pool.ports.slice(first)).toContain(port);
  expect(opened.pool.snapshot()).toMatchObject([{ port, slice: 0, processId: child.pid }]);
  expect(await child.call('warnings')).toEqual([]);
});

describe.runIf(runsEveryProgram)('the built package', () => {
  const node20 = findNode20();
  const folder = path.join(projectFolder, '.tmp', `dist-${process.pid}`);

  test('works in Node 20, `using` apart', async ({ skip }) => {
    skip(node20 === undefined && process.env['CI'] === undefined, 'needs a Node 20 on the PATH');
    const build = spawnSync('node', ['scripts/bundle.ts', folder], { cwd: projectFolder });
    expect(build.status).toBe(0);
    try {
      await using opened = await openTestPool(3);
      const entry = `./.tmp/${path.basename(folder)}/index.js`;
      const result = await scriptOutput(NODE_20_SCRIPT.replace('ENTRY', entry), {
        nodePath: node20 as string,
        env: { ...opened.env },
      });
      expect(result).toEqual({ major: 20, ports: 3, exhausted: 'PORTSLICE_POOL_EXHAUSTED', left: 0 });
      expect(opened.pool.stats()).toMatchObject({
        lifetimeTotalAllocatedPorts: 4,
        currentlyAllocatedPorts: 0,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const NODE_20_SCRIPT = `
  import { createServer } from 'node:http';
  import { PortPool, TCPPortOwner, waitForListening } from 'ENTRY';
  const owner = new TCPPortOwner({ label: 'on Node 20' });
  const server = createServer((request, response) => response.end('hello')).listen(owner.port);
  await waitForListening(owner);
  if (await (await fetch(owner.url())).text() !== 'hello') throw new Error('wrong server');
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  owner[Symbol.dispose ?? Symbol.for('Symbol.dispose')]();
  const owners = await TCPPortOwner.acquireMany(3);
  let exhausted;
  try { new TCPPortOwner(); } catch (error) { exhausted = error.code; }
  for (const one of owners) one.cleanup();
  const left = PortPool.attach().stats().currentlyAllocatedPorts;
  console.log(JSON.stringify({ major: Number(process.versions.node.split('.')[0]), ports: owners.length, exhausted, left }));
`;

/** The machine's own Node, if it is the oldest that users may have. */
function findNode20(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const candidates = folders
    .filter((folder) => !folder.includes('node_modules'))
    .map((folder) => path.join(folder, 'node'));
  return candidates.find(
    (file) =>
      existsSync(file) && spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout.startsWith('v20.'),
  );
}
