/** Which worker gets which part of the pool. */
import { expect, test } from 'vitest';
import { InvalidOptionError, type PortPool, type PortSlice, type TCPPortOwner } from '../../src/index.ts';
import { errorOf } from '../support/catch-error.ts';
import { startPortThread, startPortWorker } from '../support/port-worker.ts';
import { openTestPool } from '../support/test-pool.ts';

// Three workers have three slices and two spare ones beside slice 0, with 6 ports each.
const WORKERS = { workers: 3 };
const WORKER_SLICES = [1, 2, 3, 4, 5];
const PORT_COUNT = 36;

function portsOf({ pool }: { readonly pool: PortPool }, slice: Pick<PortSlice, 'first' | 'last'>): number[] {
  return pool.ports.slice(pool.ports.indexOf(slice.first), pool.ports.indexOf(slice.last) + 1);
}

test('the slices are disjoint and make up the whole pool', async () => {
  await using opened = await openTestPool(PORT_COUNT, WORKERS);
  const slices = [0, ...WORKER_SLICES].map((hint) => opened.pool.slice(hint));
  const ports = slices.flatMap((slice) => portsOf(opened, slice));
  expect(ports.toSorted((a, b) => a - b)).toEqual(opened.ports);
  expect(slices.map((slice) => slice.portCount)).toEqual([6, 6, 6, 6, 6, 6]);
});

test('each slice hands out its own ports as long as it has any', async () => {
  await using opened = await openTestPool(PORT_COUNT, WORKERS);
  for (const hint of [0, 1, 3]) {
    const slice = opened.pool.slice(hint);
    const owners = await Promise.all(portsOf(opened, slice).map(() => slice.acquire()));
    expect(owners.map(Number).toSorted((a, b) => a - b)).toEqual(
      portsOf(opened, slice).toSorted((a, b) => a - b),
    );
    for (const owner of owners) owner.cleanup();
  }
  expect(opened.pool.stats().borrowedPorts).toBe(0);
});

test('the same thread gets the same slice each time', async () => {
  await using opened = await openTestPool(PORT_COUNT, WORKERS);
  const [first, second] = [opened.pool.slice(2), opened.pool.slice(2)];
  expect([second.first, second.last]).toEqual([first.first, first.last]);
  await using worker = startPortWorker({ env: opened.env });
  const elsewhere = await worker.call('slice', 1);
  expect(await worker.call('slice', 1)).toEqual(elsewhere);
});

test('a hint beyond the last slice starts again with the first, never with slice 0', async () => {
  await using opened = await openTestPool(PORT_COUNT, WORKERS);
  const firsts = WORKER_SLICES.map((hint) => opened.pool.slice(hint).first);
  expect([6, 7, 8, 9, 10, 11].map((hint) => opened.pool.slice(hint).first)).toEqual([...firsts, firsts[0]]);
  expect(firsts).toContain(opened.pool.slice(Number.MAX_SAFE_INTEGER).first);
});

test('a worker whose hint another live process has gets a spare slice', async () => {
  await using opened = await openTestPool(PORT_COUNT, WORKERS);
  const [first, spare] = [opened.pool.slice(1), opened.pool.slice(5)];
  await using fresh = await openTestPool(PORT_COUNT, WORKERS);
  await using one = startPortWorker({ env: fresh.env });
  await using other = startPortWorker({ env: fresh.env });
  const ones = await one.call('slice', 1);
  const others = await other.call('slice', 1);
  const place = ({ pool }: typeof fresh, port: number): number => pool.ports.indexOf(port);
  expect(place(fresh, ones.first)).toBe(place(opened, first.first));
  expect(place(fresh, others.first)).toBe(place(opened, spare.first));
});

test('a thread is a worker of its own beside the other threads of its process', async () => {
  await using opened = await openTestPool(PORT_COUNT, WORKERS);
  await using thread = await startPortThread({ env: opened.env });
  const ours = opened.pool.slice(1);
  const theirs = await thread.call('slice', 1);
  expect(theirs.first).not.toBe(ours.first);
  expect(theirs.first).not.toBe(opened.pool.slice(0).first);
});

test('the successor of a dead worker gets its slice', async () => {
  await using opened = await openTestPool(PORT_COUNT, WORKERS);
  const dead = startPortWorker({ env: opened.env });
  const slice = await dead.call('slice', 2);
  await dead.kill();
  await using successor = startPortWorker({ env: opened.env });
  expect(await successor.call('slice', 2)).toEqual(slice);
});

test('workers that must share a slice get different ports all the same', async () => {
  // One worker slice and two spare ones for four workers with the same hint.
  await using opened = await openTestPool(40, { workers: 1 });
  await using stack = new AsyncDisposableStack();
  const workers = [1, 2, 3, 4].map(() => stack.use(startPortWorker({ env: opened.env })));
  const slices = await Promise.all(workers.map((worker) => worker.call('slice', 1)));
  expect(new Set(slices.map(({ first }) => first)).size).toBe(3);
  const rounds = Array.from({ length: 10 }, () => 1);
  const ports = await Promise.all(
    workers.flatMap((worker) => rounds.map((hint) => worker.call('acquireFromSlice', hint))),
  );
  expect(new Set(ports).size).toBe(40);
});

test('slice 0 belongs to nobody: without a hint everyone allocates from it', async () => {
  await using opened = await openTestPool(PORT_COUNT, WORKERS);
  const { first } = opened.pool.slice();
  await using worker = startPortWorker({ env: opened.env });
  expect((await worker.call('slice')).first).toBe(first);
  expect((await worker.call('slice', 0)).first).toBe(first);
});

test('a pool with fewer ports than slices has empty ones, which borrow', async () => {
  await using opened = await openTestPool(2, WORKERS);
  const slices = [0, ...WORKER_SLICES].map((hint) => opened.pool.slice(hint));
  const empty = slices.filter(({ portCount }) => portCount === 0);
  expect(empty).toHaveLength(4);
  expect(empty[0]).toMatchObject({ first: 0, last: 0 });
  using owner = (await empty[0]?.acquire()) as TCPPortOwner;
  expect(opened.ports).toContain(owner.port);
  expect(opened.pool.stats().borrowedPorts).toBe(1);
});

test('an exhausted slice takes from slice 0 before it takes from another worker', async () => {
  await using opened = await openTestPool(PORT_COUNT, WORKERS);
  const [own, run] = [opened.pool.slice(2), opened.pool.slice(0)];
  const owners = [];
  for (let count = 0; count < own.portCount + run.portCount; count++) owners.push(await own.acquire());
  expect(new Set(owners.map(Number))).toEqual(new Set([...portsOf(opened, own), ...portsOf(opened, run)]));
  expect(opened.pool.stats().borrowedPorts).toBe(run.portCount);
  const next = await own.acquire();
  expect([...portsOf(opened, own), ...portsOf(opened, run)]).not.toContain(next.port);
  for (const owner of [...owners, next]) owner.cleanup();
});

test.each([-1, 1.5, Number.NaN, '1', null])('the hint %o is refused', async (hint) => {
  await using opened = await openTestPool(2, WORKERS);
  const act = () => opened.pool.slice(hint as number);
  expect((await errorOf(InvalidOptionError, act)).option).toBe('hint');
});
