/** Waiting for ports. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { InvalidOptionError, PortPoolExhaustedError, TCPPortOwner } from '../../src/index.ts';
import { errorOf } from '../support/catch-error.ts';
import { listen } from '../support/listening-server.ts';
import { startPortWorker } from '../support/port-worker.ts';
import { openTestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';

const WAIT = { acquireTimeoutMs: 15_000 };

afterEach(() => {
  vi.useRealTimers();
});

describe('acquire', () => {
  test('waits until another process releases a port, and gets it', async () => {
    await using opened = await openTestPool(1);
    await using worker = startPortWorker({ env: opened.env });
    const port = await worker.call('claim');
    const waiting = TCPPortOwner.acquire(WAIT);
    await until('it waits', () => opened.pool.stats().waits === 1);
    await worker.call('release', port);
    using owner = await waiting;
    expect(owner.port).toBe(port);
    expect(opened.pool.snapshot()).toMatchObject([{ state: 'held', processId: process.pid, claimCount: 2 }]);
  });

  test('waits until a port of another run, or of a stranger, is free', async () => {
    await using opened = await openTestPool(2);
    await using otherRun = startPortWorker({ env: { PORTSLICE_PORTS: opened.spec } });
    const locked = await otherRun.call('claim');
    const listened = opened.ports.find((port) => port !== locked) as number;
    await using server = await listen({ port: listened });
    const waiting = TCPPortOwner.acquire(WAIT);
    await until('it waits', () => opened.pool.stats().waits === 1);
    await server.close();
    using first = await waiting;
    expect(first.port).toBe(listened);
    const next = TCPPortOwner.acquire(WAIT);
    await otherRun.call('release', locked);
    using second = await next;
    expect(second.port).toBe(locked);
  });

  test('does not wait when a port is free', async () => {
    await using opened = await openTestPool(1);
    using _owner = await TCPPortOwner.acquire({ acquireTimeoutMs: 0 });
    expect(opened.pool.stats().waits).toBe(0);
  });

  test.each([0, 50])(
    'gives up after acquireTimeoutMs = %o and says how long it waited',
    async (acquireTimeoutMs) => {
      await using opened = await openTestPool(1);
      using owner = new TCPPortOwner({ label: 'the only one' });
      const error = await errorOf(PortPoolExhaustedError, () => TCPPortOwner.acquire({ acquireTimeoutMs }));
      expect(error.facts.waitedMs).toBeGreaterThan(0);
      expect(error.facts.waitedMs).toBeGreaterThanOrEqual(acquireTimeoutMs);
      expect(error.message).toContain(`after ${Math.round(error.facts.waitedMs)} ms`);
      owner.cleanup();
      expect(opened.pool.stats().currentlyAllocatedPorts).toBe(0);
    },
  );

  test('ends with the reason of its signal, and takes no port afterwards', async () => {
    await using opened = await openTestPool(1);
    const owner = new TCPPortOwner();
    const abort = new AbortController();
    const waiting = TCPPortOwner.acquire({ ...WAIT, signal: abort.signal });
    await until('it waits', () => opened.pool.stats().waits === 1);
    const reason = new Error('the test is over');
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    owner.cleanup();
    expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 0, lifetimeTotalAllocatedPorts: 1 });
  });

  test('with an aborted signal takes no port at all', async () => {
    await using opened = await openTestPool(1);
    const reason = { any: 'value' };
    await expect(TCPPortOwner.acquire({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(opened.pool.snapshot()).toEqual([]);
  });

  test('does not mind fake timers', async () => {
    await using opened = await openTestPool(1);
    await using worker = startPortWorker({ env: opened.env });
    const port = await worker.call('claim');
    vi.useFakeTimers({
      toFake: ['setTimeout', 'setInterval', 'setImmediate', 'Date', 'performance', 'hrtime'],
    });
    const waiting = TCPPortOwner.acquire(WAIT);
    const timedOut = errorOf(PortPoolExhaustedError, () => TCPPortOwner.acquire({ acquireTimeoutMs: 20 }));
    expect((await timedOut).facts.waitedMs).toBeGreaterThan(0);
    await worker.call('release', port);
    using owner = await waiting;
    expect(owner.port).toBe(port);
  });
});

describe('acquireMany', () => {
  test('gives so many different ports', async () => {
    await using opened = await openTestPool(5);
    const owners = await TCPPortOwner.acquireMany(5, { label: 'five' });
    expect(owners.map(Number).toSorted((a, b) => a - b)).toEqual(opened.ports);
    expect(opened.pool.snapshot().map(({ label }) => label)).toEqual(Array(5).fill('five'));
    for (const owner of owners) owner.cleanup();
  });

  test('keeps none while it waits for the last one', async () => {
    await using opened = await openTestPool(3);
    const blocker = new TCPPortOwner();
    const waiting = TCPPortOwner.acquireMany(3, WAIT);
    await until('it waits', () => opened.pool.stats().waits === 1);
    await using worker = startPortWorker({ env: opened.env });
    const ports = await worker.call('acquireMany', 2, WAIT);
    for (const port of ports) await worker.call('release', port);
    blocker.cleanup();
    const owners = await waiting;
    expect(new Set(owners.map(Number)).size).toBe(3);
    for (const owner of owners) owner.cleanup();
  });

  test('lets tests that need several of few ports finish one after another', async () => {
    await using opened = await openTestPool(3);
    let finished = 0;
    const runTest = async (): Promise<void> => {
      for (let round = 0; round < 5; round++) {
        const owners = await TCPPortOwner.acquireMany(2, WAIT);
        await new Promise((resolve) => setImmediate(resolve));
        for (const owner of owners) owner.cleanup();
      }
      finished++;
    };
    await Promise.all([runTest(), runTest(), runTest(), runTest()]);
    expect(finished).toBe(4);
    expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 0 });
  });

  test('of more ports than are free ends as exhausted, holding none', async () => {
    await using opened = await openTestPool(3);
    using held = new TCPPortOwner();
    const error = await errorOf(PortPoolExhaustedError, () =>
      TCPPortOwner.acquireMany(3, { acquireTimeoutMs: 0 }),
    );
    expect(error.facts).toMatchObject({
      wantedPortCount: 3,
      poolPortCount: 3,
      holders: [{ port: held.port }],
    });
    expect(error.message).toMatch(/^Fewer than 3 ports are free in the pool of 3 /);
    expect(opened.pool.stats().currentlyAllocatedPorts).toBe(1);
  });

  test('of more ports than the pool has is refused at once', async () => {
    await using opened = await openTestPool(2);
    const error = await errorOf(InvalidOptionError, () => TCPPortOwner.acquireMany(3));
    expect(error.message).toBe('count is 3; expected an integer from 1 to 2.');
    expect(opened.pool.stats().currentlyAllocatedPorts).toBe(0);
  });

  test.each([0, -1, 1.5, Number.NaN, '2'])('of %o ports is refused', async (count) => {
    await using _opened = await openTestPool(2);
    const act = () => TCPPortOwner.acquireMany(count as number);
    expect(await errorOf(InvalidOptionError, act)).toMatchObject({ option: 'count' });
  });
});

test('with 3 ports and 8 worker processes, all workers finish all their tests', async () => {
  await using opened = await openTestPool(3, { workers: 8 });
  const blockers = await TCPPortOwner.acquireMany(3);
  await using stack = new AsyncDisposableStack();
  const workers = Array.from({ length: 8 }, () => stack.use(startPortWorker({ env: opened.env })));
  const served = workers.map((worker) => worker.call('serve', 5));
  await until('all wait', () => opened.pool.stats().waits === 8);
  for (const owner of blockers) owner.cleanup();
  const ports = (await Promise.all(served)).flat();
  expect(ports).toHaveLength(40);
  expect([...new Set(ports)].toSorted((a, b) => a - b)).toEqual(opened.ports);
  const stats = opened.pool.stats();
  expect(stats).toMatchObject({ currentlyAllocatedPorts: 0, peakAllocatedPorts: 3, leaks: 0 });
  expect(stats.lifetimeTotalAllocatedPorts).toBe(43);
});
