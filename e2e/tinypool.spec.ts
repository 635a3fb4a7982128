import path from 'node:path';
import { readLog } from './support/inside.program.ts';
import { expect, test } from './support/project.ts';
import { INSIDE_JS, systemNode } from './support/scripts.ts';
import { collisions } from './support/server-log.ts';
import { expectAllReleased } from './support/what-is-left.ts';

/** Nothing in it is set up for portslice. */
const WORKER = `
import { threadId } from 'node:worker_threads';
import { PortPool, TCPPortOwner } from 'portslice';
import { close, note, readLog, serve, until } from './inside.js';

export async function useTwo({ label, barrier, count }) {
  const owners = [new TCPPortOwner({ label }), await TCPPortOwner.acquire({ label })];
  const servers = await Promise.all(owners.map(serve));
  // Everybody of this round has its ports now.
  note('ready ' + barrier);
  await until(() => readLog().filter(({ text }) => text === 'ready ' + barrier).length === count);
  const pool = PortPool.attach();
  const slices = pool.snapshot().filter((record) => record.label === label).map(({ slice }) => slice);
  for (const server of servers) await close(server);
  for (const owner of owners) owner.cleanup();
  return { handle: pool.handle, slices, worker: process.pid + '/' + threadId };
}

const kept = [];
export async function takeAll() {
  kept.push(...(await TCPPortOwner.acquireMany(3)));
  note('has all');
  await new Promise(() => undefined);
}
`;

const MANY_POOLS = `
import { PortPool, TCPPortOwner } from 'portslice';
import { createTinypool } from 'portslice/tinypool';

const filename = new URL('./worker.js', import.meta.url).href;
// What a user passes on replaces the environment, but for the pool.
const OWN = { INSIDE_LOG: process.env.INSIDE_LOG };
const pools = ['worker_threads', 'child_process'].flatMap((runtime) =>
  [true, false].map((isolateWorkers) => ({
    name: runtime + ' ' + isolateWorkers,
    pool: createTinypool({ filename, runtime, isolateWorkers, minThreads: 2, maxThreads: 2, ...(isolateWorkers && { env: OWN }) }),
  })),
);
const ours = new TCPPortOwner({ label: 'main' });
const count = 2 * pools.length;
const rounds = [];
for (const barrier of ['one', 'two', 'three']) {
  const tasks = pools.flatMap(({ name, pool }) => [1, 2].map(async (number) => {
    const label = [barrier, name, number].join(' ');
    return { name, ...(await pool.run({ label, barrier, count }, { name: 'useTwo' })) };
  }));
  rounds.push(await Promise.all(tasks));
}
await Promise.all(pools.map(({ pool }) => pool.destroy()));
const pool = PortPool.attach();
const held = pool.snapshot().filter(({ state }) => state !== 'free').map(({ label, slice, state }) => ({ label, slice, state }));
console.log(JSON.stringify({ handle: pool.handle, rounds, held }));
`;

interface Used {
  readonly name: string;
  readonly handle: string;
  readonly slices: readonly number[];
  readonly worker: string;
}

for (const [node, find] of [
  ['our Node', () => 'node'],
  ["the system's Node", systemNode],
] as const) {
  test(`workers of four pools at once have slices of their own, on ${node}`, async ({ createProject }) => {
    const files = { 'worker.js': WORKER, 'inside.js': INSIDE_JS, 'main.js': MANY_POOLS };
    const project = await createProject(files);
    const log = path.join(project.dir, 'inside.log');
    const run = await project.run(find(), ['main.js'], { env: { INSIDE_LOG: log } });
    expect(run.exitCode, run.output).toBe(0);
    expect(run.stderr).toBe('');
    const { handle, rounds, held } = JSON.parse(run.stdout) as {
      handle: string;
      rounds: readonly Used[][];
      held: unknown;
    };
    expect(held).toEqual([{ label: 'main', slice: 0, state: 'held' }]);
    for (const round of rounds) {
      expect(round.map((used) => used.handle)).toEqual(round.map(() => handle));
      const slices = round.map((used) => [...new Set(used.slices)]);
      expect(slices.every((ofOne) => ofOne.length === 1 && ofOne[0] !== 0)).toBe(true);
      expect(new Set(slices.flat()).size).toBe(round.length);
    }
    // Isolation gives each task a new worker, and no isolation the same ones again.
    const workers = (name: string): number =>
      new Set(
        rounds
          .flat()
          .filter((used) => used.name === name)
          .map(({ worker }) => worker),
      ).size;
    expect(workers('worker_threads true')).toBe(6);
    expect(workers('child_process true')).toBe(6);
    expect(workers('worker_threads false')).toBe(2);
    expect(workers('child_process false')).toBe(2);
    expect(readLog(log).filter(({ event }) => event === 'listening')).toHaveLength(48);
    expect(collisions(readLog(log))).toEqual([]);
    await expectAllReleased(project);
  });
}

const ENDED_WORKER = `
import { PortPool, TCPPortOwner } from 'portslice';
import { createTinypool } from 'portslice/tinypool';
import { note, readLog, until } from './inside.js';

const filename = new URL('./worker.js', import.meta.url).href;
const pool = createTinypool({ filename, runtime: process.argv[2], minThreads: 1, maxThreads: 1 });
const abort = new AbortController();
const task = pool.run(undefined, { name: 'takeAll', signal: abort.signal }).catch(({ name }) => name);
await until(() => readLog().some(({ text }) => text === 'has all'));
let first;
try { new TCPPortOwner(); } catch ({ code }) { first = code; }
abort.abort();
const ended = await task;
const owners = await TCPPortOwner.acquireMany(3, { acquireTimeoutMs: 10_000 });
console.log(JSON.stringify({ first, ended, ports: owners.map(({ port }) => port).toSorted() }));
await pool.destroy();
`;

for (const runtime of ['worker_threads', 'child_process']) {
  test(`ports of a worker that is ended in ${runtime} come back to the process`, async ({
    createProject,
  }) => {
    const files = { 'worker.js': WORKER, 'inside.js': INSIDE_JS, 'main.js': ENDED_WORKER };
    const project = await createProject(files);
    const { firstPort } = project.ports;
    const run = await project.run('node', ['main.js', runtime], {
      env: {
        INSIDE_LOG: path.join(project.dir, 'inside.log'),
        PORTSLICE_PORTS: `${firstPort}-${firstPort + 2}`,
      },
    });
    expect(run.exitCode, run.output).toBe(0);
    expect(JSON.parse(run.stdout)).toEqual({
      first: 'PORTSLICE_POOL_EXHAUSTED',
      ended: 'AbortError',
      ports: [firstPort, firstPort + 1, firstPort + 2],
    });
  });
}
