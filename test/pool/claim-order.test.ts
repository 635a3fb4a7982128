/** In which order real workers are given the ports of their slice. */
import { expect, test } from 'vitest';
import { TCPPortOwner } from '../../src/index.ts';
import { hasHolds } from '../support/kernel-traits.ts';
import { leaveTimeWait } from '../support/listening-server.ts';
import { needNamespace } from '../support/needs.ts';
import { startPortWorker, type PortWorker } from '../support/port-worker.ts';
import { openTestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';

function useOnce(): number {
  using owner = new TCPPortOwner();
  return owner.port;
}

/** Through slice 1. @returns the ports in the order of use */
async function takeAndRelease(worker: PortWorker, count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let round = 0; round < count; round++) {
    const port = await worker.call('acquireFromSlice', 1);
    await worker.call('release', port);
    ports.push(port);
  }
  return ports;
}

/** The clock of the records counts whole milliseconds. */
async function nextMillisecond(): Promise<void> {
  const now = Math.ceil(performance.now());
  await until('the clock has moved on', () => performance.now() > now + 1);
}

async function useAndLetTimePass(): Promise<number> {
  const port = useOnce();
  await nextMillisecond();
  return port;
}

test('ports that were never used come first, then the one that was released longest ago', async () => {
  await using opened = await openTestPool(6);
  const held = [new TCPPortOwner(), new TCPPortOwner(), new TCPPortOwner()];
  const used = held.map(Number);
  for (const index of [1, 0, 2]) {
    held[index]?.cleanup();
    await nextMillisecond();
  }
  const fresh: number[] = [];
  for (let count = 0; count < 3; count++) {
    fresh.push(useOnce());
    await nextMillisecond();
  }
  expect([...used, ...fresh].toSorted((a, b) => a - b)).toEqual(opened.ports);
  const again = [useOnce(), useOnce(), useOnce(), useOnce(), useOnce(), useOnce()];
  expect(again).toEqual([used[1], used[0], used[2], ...fresh]);
});

test('ports below 10000 come after all others', async (context) => {
  // Where nobody else has any: a port that is in use at the first look comes even later.
  const wrapper = needNamespace(context);
  await using worker = startPortWorker({ wrapper, env: { PORTSLICE_PORTS: '2000-2001,20000-20199' } });
  const ports = await worker.call('claimAll');
  expect(ports).toHaveLength(202);
  expect(ports.slice(-2).toSorted((a, b) => a - b)).toEqual([2000, 2001]);
});

test('a worker that replaces a killed one does not begin with the ports that were just released', async () => {
  // Slice 1 has 5 of the 20 ports.
  await using opened = await openTestPool(20, { workers: 1 });
  const killed = startPortWorker({ env: opened.env });
  const before = await takeAndRelease(killed, 3);
  await killed.kill();
  await using successor = startPortWorker({ env: opened.env });
  const after = await takeAndRelease(successor, 3);
  expect(new Set([...before, ...after]).size).toBe(6);
});

test('a released port rests while any other port of the pool is free, also one of another slice', async () => {
  // Slice 1 has 5 of the 20 ports.
  await using opened = await openTestPool(20, { workers: 1 });
  await using worker = startPortWorker({ env: opened.env });
  const ports = await takeAndRelease(worker, 20);
  expect(ports.toSorted((a, b) => a - b)).toEqual(opened.ports);
  expect(await takeAndRelease(worker, 1)).toEqual([ports[0]]);
});

test('without a rest a worker stays in its own slice', async () => {
  await using opened = await openTestPool(20, { workers: 1, restMs: 0 });
  const slice = opened.pool.slice(1);
  const ports = new Set<number>();
  for (let count = 0; count < 4 * slice.portCount; count++) {
    const owner = await slice.acquire();
    ports.add(owner.port);
    owner.cleanup();
    await nextMillisecond();
  }
  expect(ports.size).toBe(slice.portCount);
});

test('a port that turned out to be a stranger’s goes to the end of the order', async () => {
  await using opened = await openTestPool(3);
  const [first, second, third] = [
    await useAndLetTimePass(),
    await useAndLetTimePass(),
    await useAndLetTimePass(),
  ];
  await using otherRun = startPortWorker({ env: { PORTSLICE_PORTS: String(first) } });
  await otherRun.call('claim');
  expect(await useAndLetTimePass()).toBe(second);
  await otherRun.call('release', first);
  // A new process has no order of its own yet: it reads the records.
  await using worker = startPortWorker({ env: opened.env });
  expect(await worker.call('claimAll')).toEqual([third, first, second]);
});

/** The stand-in for macOS shows no TIME_WAIT. */
test.runIf(hasHolds)(
  'a port that only an earlier server’s connections keep from a strict bind keeps its place and its rest',
  async () => {
    await using opened = await openTestPool(2);
    const left = new TCPPortOwner();
    await leaveTimeWait(left.port);
    left.cleanup();
    await nextMillisecond();
    const other = useOnce();
    await nextMillisecond();
    const recordOf = (port: number): unknown => opened.pool.snapshot().find((record) => record.port === port);
    const before = recordOf(left.port);
    // It is tried first, and passed over for one that can be had strictly.
    using owner = new TCPPortOwner();
    expect(owner.port).toBe(other);
    expect(recordOf(left.port)).toEqual(before);
  },
);
