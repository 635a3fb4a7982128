/** Who has which port on this machine, read as people see it: on every kernel. */
import { expect, test } from 'vitest';
import { parsePoolHandle } from '../../src/core/pool-handle.ts';
import { TCPPortOwner } from '../../src/index.ts';
import type { MachineStatus, ReadablePool } from '../../src/report/status/machine-status.ts';
import { readMachineStatus } from '../../src/report/status/read-machine.ts';
import { findSchemaProblem } from '../support/check-schema.ts';
import { startPeer } from '../support/kernel-peer.ts';
import { tellsOwners } from '../support/kernel-traits.ts';
import { reservePorts } from '../support/port-block.ts';
import { startPortThread, startPortWorker } from '../support/port-worker.ts';
import { openTestPool, type TestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';

function readStatus(): MachineStatus {
  const status = readMachineStatus();
  expect(findSchemaProblem('status.schema.json', status)).toBeUndefined();
  return status;
}

/** Other tests have pools on this machine too. */
function readPool({ pool }: TestPool): ReadablePool {
  const runId = parsePoolHandle(pool.handle)?.runId;
  const found = readStatus().pools.find((each) => each.isReadable && each.runId === runId);
  if (found?.isReadable !== true) throw new Error('The pool is not found.');
  return found;
}

function poolOf(processId: number): ReadablePool | undefined {
  const found = readStatus().pools.find((pool) => pool.process.processId === processId);
  return found?.isReadable === true ? found : undefined;
}

function orUnknown<T>(value: T): (T | undefined)[] {
  return tellsOwners ? [value] : [value, undefined];
}

function programIn(command = ''): string | undefined {
  return /[\w-]+\.program\.ts/.exec(command)?.[0];
}

test('Each worker of a run has its slice, its ports, their labels and servers', async () => {
  await using opened = await openTestPool(8, { workers: 2 });
  await using first = startPortWorker({ env: opened.env });
  await using second = startPortWorker({ env: opened.env });
  const port = await first.call('acquireFromSlice', 1, { label: 'pays by card' });
  await first.call('listen', port);
  const other = await first.call('acquireFromSlice', 1);
  await second.call('slice', 2);
  const before = Date.now();
  const pool = readPool(opened);
  expect(pool).toMatchObject({ portCount: 8, isPrivate: false, process: { processId: process.pid } });
  expect(pool.counts).toMatchObject({ claims: 2, peakPorts: 2, leaks: 0 });
  const [one, two, ...others] = pool.workers;
  expect(others).toEqual([]);
  const served = one?.ports.find((each) => each.port === port);
  expect(one).toMatchObject({ slice: 1, isAlive: true, process: { processId: first.pid } });
  expect(two).toMatchObject({ slice: 2, isAlive: true, process: { processId: second.pid }, ports: [] });
  expect(orUnknown('port-worker.program.ts')).toContain(programIn(one?.process.command));
  expect(orUnknown(first.pid)).toContain(served?.listeners[0]?.processId);
  expect(one?.process.folder).toBe(process.cwd());
  expect(one?.process.startedAtMs).toBeLessThanOrEqual(before);
  expect(one?.process.startedAtMs).toBeGreaterThan(before - 3_600_000);
  const ports = [
    { port, state: 'held', label: 'pays by card' },
    { port: other, state: 'held', label: '' },
  ].toSorted((a, b) => a.port - b.port);
  expect(one?.ports).toMatchObject(ports);
  expect(served?.listeners).toHaveLength(1);
  expect(one?.ports.find((each) => each.port === other)?.listeners).toEqual([]);
  expect(served?.claimedAtMs).toBeLessThanOrEqual(before);
});

test('A worker that is killed is gone with its ports; the others stay', async () => {
  await using opened = await openTestPool(4, { workers: 2 });
  await using survivor = startPortWorker({ env: opened.env });
  const kept = await survivor.call('acquireFromSlice', 1);
  const victim = startPortWorker({ env: opened.env });
  const lost = await victim.call('acquireFromSlice', 2);
  expect(readPool(opened).workers).toHaveLength(2);
  await victim.kill();
  await until('it is gone', () => readPool(opened).workers.length === 1);
  const [worker] = readPool(opened).workers;
  expect(worker).toMatchObject({ slice: 1, process: { processId: survivor.pid }, ports: [{ port: kept }] });
  expect(readStatus().otherLocks.flatMap(({ ports }) => ports.map(({ port }) => port))).not.toContain(lost);
});

test('A script has a private pool, which is gone when it ends', async () => {
  await using block = await reservePorts(2);
  const script = startPortWorker({ env: { PORTSLICE_PORTS: block.spec } });
  const port = await script.call('claim', { label: 'seeds the database' });
  expect(poolOf(script.pid)).toMatchObject({
    isPrivate: true,
    runner: 'script',
    portCount: 2,
    servedNames: [],
    workers: [
      { slice: 0, process: { processId: script.pid }, ports: [{ port, label: 'seeds the database' }] },
    ],
  });
  await script.kill();
  await until('it is gone', () => poolOf(script.pid) === undefined);
});

test('A sealed port is shown with the test that has left it, and counted apart', async () => {
  await using opened = await openTestPool(2);
  await using worker = startPortWorker({ env: opened.env });
  const port = await worker.call('claim', { label: 'leaves a server' });
  await worker.call('releaseSealed', port);
  expect(readPool(opened).workers).toMatchObject([
    { ports: [{ port, state: 'sealed', label: 'leaves a server' }] },
  ]);
  const { totals, pools } = readStatus();
  const states = pools.flatMap((pool) =>
    pool.isReadable ? pool.workers.flatMap(({ ports }) => ports.map(({ state }) => state)) : [],
  );
  expect(totals.sealedPorts).toBe(states.filter((state) => state === 'sealed').length);
  expect(totals.heldPorts).toBe(states.filter((state) => state !== 'sealed').length);
});

test('Threads are workers of one process', async () => {
  await using opened = await openTestPool(6, { workers: 3 });
  await using first = await startPortThread({ env: opened.env });
  await using second = await startPortThread({ env: opened.env });
  const ports = [await first.call('acquireFromSlice', 1), await second.call('acquireFromSlice', 2)];
  const { workers } = readPool(opened);
  expect(workers).toMatchObject([
    { slice: 1, isAlive: true, process: { processId: process.pid }, ports: [{ port: ports[0] }] },
    { slice: 2, isAlive: true, process: { processId: process.pid }, ports: [{ port: ports[1] }] },
  ]);
  expect(workers[0]?.threadId).not.toBe(workers[1]?.threadId);
});

test('A port that is locked by somebody without a pool that can be read is not dropped', async () => {
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  await using peer = await startPeer();
  await peer.kernel('takeLock', port);
  const { otherLocks, totals } = readStatus();
  const found = otherLocks.find(({ ports }) => ports.some((each) => each.port === port));
  expect(orUnknown(peer.pid)).toContain(found?.process.processId);
  expect(found?.ports).toContainEqual({ port, listeners: [] });
  expect(totals.otherLockedPorts).toBeGreaterThan(0);
});

test('A port that went to another pool is shown there, not where a dead worker has had it', async () => {
  await using opened = await openTestPool(1);
  const worker = startPortWorker({ env: opened.env });
  const port = await worker.call('claim', { label: 'before' });
  await worker.kill();
  await using other = startPortWorker({ env: { PORTSLICE_PORTS: opened.spec } });
  expect(await other.call('acquire', { label: 'after', acquireTimeoutMs: 10_000 })).toBe(port);
  expect(readPool(opened).workers).toEqual([]);
  expect(poolOf(other.pid)?.workers).toMatchObject([{ ports: [{ port, label: 'after' }] }]);
});

test('Labels are kept as they are', async () => {
  await using _opened = await openTestPool(1);
  const label = '\u001b[31m<img src=x onerror=alert(1)> \u202eלאט "\\ \u0000\r\n';
  using owner = new TCPPortOwner({ label });
  const labels = readStatus().pools.flatMap((pool) =>
    pool.isReadable ? pool.workers.flatMap(({ ports }) => ports) : [],
  );
  expect(labels.find(({ port }) => port === owner.port)?.label).toBe(label);
});
