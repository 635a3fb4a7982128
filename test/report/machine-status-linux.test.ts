/** What the kernel shows of the runs of others: of other users, of other namespaces, of other versions, and through sandboxes. */
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { parsePoolHandle } from '../../src/core/pool-handle.ts';
import { PortPool } from '../../src/index.ts';
import { platform } from '../../src/platform/platform.ts';
import type { MachineStatus, OtherLocks, PoolStatus } from '../../src/report/status/machine-status.ts';
import { readMachineStatus } from '../../src/report/status/read-machine.ts';
import { findSchemaProblem } from '../support/check-schema.ts';
import { NOBODY, startPeer } from '../support/kernel-peer.ts';
import { startProcess } from '../support/live-process.ts';
import { needNamespace, needProgram, needRoot } from '../support/needs.ts';
import { reservePorts } from '../support/port-block.ts';
import { startPortThread, startPortWorker } from '../support/port-worker.ts';
import { needRestriction } from '../support/restricted.ts';
import { openTestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';

function checked(status: MachineStatus): MachineStatus {
  expect(findSchemaProblem('status.schema.json', status)).toBeUndefined();
  return status;
}

function poolOf(processId: number, { pools }: MachineStatus = readMachineStatus()): PoolStatus | undefined {
  return pools.find((pool) => pool.process.processId === processId);
}

function locksOf(port: number, { otherLocks }: MachineStatus = readMachineStatus()): OtherLocks | undefined {
  return otherLocks.find(({ ports }) => ports.some((each) => each.port === port));
}

test('Root sees the runs of other users as their own; another user sees whose they are, and which ports they have', async (context) => {
  needRoot(context);
  await using block = await reservePorts(4);
  const spec = { PORTSLICE_PORTS: block.spec };
  await using theirs = startPortWorker({ env: spec, userId: NOBODY });
  await using ours = startPortWorker({ env: spec });
  const theirPort = await theirs.call('claim', { label: 'theirs' });
  const ourPort = await ours.call('claim', { label: 'ours' });
  await ours.call('listen', ourPort);
  expect(poolOf(theirs.pid, checked(readMachineStatus()))).toMatchObject({
    isReadable: true,
    process: { userId: NOBODY, userName: 'nobody', folder: process.cwd() },
    workers: [{ ports: [{ port: theirPort, label: 'theirs' }] }],
  });
  const seen = checked(await theirs.call('status'));
  expect(poolOf(theirs.pid, seen)).toMatchObject({
    isReadable: true,
    workers: [{ ports: [{ label: 'theirs' }] }],
  });
  const hidden = poolOf(ours.pid, seen);
  expect(hidden).toMatchObject({
    isReadable: false,
    process: { userId: 0, userName: 'root' },
    runner: 'script',
  });
  expect(hidden).toMatchObject({ problem: 'it belongs to another user, or is protected' });
  expect(hidden?.process.command).toContain('port-worker.program');
  expect(hidden?.process.startedAtMs).toBeGreaterThan(0);
  expect(hidden?.process.folder).toBeUndefined();
  // Whose process it is that has the lock or listens, the kernel tells nobody else; the user it does.
  expect(locksOf(ourPort, seen)?.process).toEqual({
    ...hidden?.process,
    processId: undefined,
    command: undefined,
    startedAtMs: undefined,
  });
  expect(locksOf(ourPort, seen)?.ports.find(({ port }) => port === ourPort)?.listeners).toMatchObject([
    { userId: 0 },
  ]);
});

test('A run in a process namespace of its own is shown with the numbers that it has here', async (context) => {
  needRoot(context);
  const unshare = needProgram(context, 'unshare');
  await using block = await reservePorts(4);
  const spec = { PORTSLICE_PORTS: block.spec };
  const wrapper = [unshare, '--pid', '--fork', '--kill-child', '--mount-proc'];
  await using inside = startPortWorker({ env: spec, wrapper });
  const port = await inside.call('claim', { label: 'in a container' });
  const before = checked(readMachineStatus());
  const pool = before.pools.find(
    (each) => each.isReadable && each.workers.some(({ ports }) => ports.some((one) => one.port === port)),
  );
  // The program's own number there is 1.
  const processId = pool?.process.processId ?? 0;
  expect(platform.findAncestors(processId)).toContain(inside.pid);
  expect(pool).toMatchObject({
    isPrivate: true,
    workers: [{ process: { processId }, ports: [{ port, label: 'in a container' }] }],
  });
  // From in there the machine's other processes cannot be seen, but their locks.
  await using outside = startPortWorker({ env: spec });
  const other = await outside.call('claim');
  const seen = checked(await inside.call('status'));
  expect(poolOf(1, seen)).toMatchObject({
    isReadable: true,
    workers: [{ process: { processId: 1 }, ports: [{ port }] }],
  });
  expect(locksOf(other, seen)?.process).toMatchObject({ processId: undefined, userId: 0 });
});

test('A run in another network namespace has other ports, and is shown in there alone', async (context) => {
  const wrapper = needNamespace(context);
  await using block = await reservePorts(2);
  await using inside = startPortWorker({ env: { PORTSLICE_PORTS: block.spec }, wrapper });
  const port = await inside.call('claim');
  const seen = checked(await inside.call('status'));
  expect(seen.pools).toMatchObject([
    { workers: [{ process: { processId: inside.pid }, ports: [{ port }] }] },
  ]);
  expect(seen.otherLocks).toEqual([]);
  const here = readMachineStatus();
  expect(seen.networkNamespace).not.toBe(here.networkNamespace);
  expect(poolOf(inside.pid, here)).toBeUndefined();
  expect(locksOf(port, here)).toBeUndefined();
});

test('A sandbox without netlink sees the same, from /proc', async (context) => {
  await using block = await reservePorts(2);
  const wrapper = needRestriction(context, 'socket:0=16:EPROTONOSUPPORT');
  await using inside = startPortWorker({ env: { PORTSLICE_PORTS: block.spec }, wrapper });
  const port = await inside.call('claim', { label: 'in a sandbox' });
  await inside.call('listen', port);
  expect(poolOf(inside.pid, checked(await inside.call('status')))).toMatchObject({
    workers: [{ ports: [{ port, label: 'in a sandbox', listeners: [{ processId: inside.pid }] }] }],
  });
});

test('Without /proc the locks are known, and their user', async (context) => {
  const wrapper = needNamespace(context, 'mount -t tmpfs none /proc');
  await using inside = startPortWorker({ env: { PORTSLICE_PORTS: '9000' }, wrapper });
  await inside.call('claim');
  const seen = checked(await inside.call('status'));
  expect(seen.pools).toMatchObject([{ isReadable: false, problem: 'its memory cannot be found from here' }]);
  expect(seen.otherLocks).toMatchObject([{ process: { userId: 0 }, ports: [{ port: 9000, listeners: [] }] }]);
});

test('The memory of another version is a pool that cannot be read, with the reason', async () => {
  await using peer = await startPeer();
  await peer.tell.keepMemory(8192);
  expect(poolOf(peer.pid, checked(readMachineStatus()))).toMatchObject({
    isReadable: false,
    problem: 'it does not begin with the magic number of a port pool',
  });
});

test('A name that somebody squats on hides no pool, and shows none twice', async () => {
  await using opened = await openTestPool(2, { workers: 1 });
  const { locator, runId } = parsePoolHandle(opened.pool.handle) ?? {};
  await using squatter = await startPeer();
  const [, processId, descriptor] = locator?.split(':') ?? [];
  expect(await squatter.tell.takeName(`portslice/pool/${processId}/${descriptor}`)).toBeUndefined();
  expect(await squatter.tell.takeName(`portslice/pool/${processId}/0${descriptor}`)).toBeDefined();
  expect(await squatter.tell.takeName(`portslice/pool/${processId}/${descriptor}/x`)).toBeDefined();
  const pools = readMachineStatus().pools.filter((pool) => pool.isReadable && pool.runId === runId);
  expect(pools).toHaveLength(1);
});

test('A thread that has ended without giving its ports back is told apart', async () => {
  await using opened = await openTestPool(2, { workers: 1 });
  const thread = await startPortThread({ env: opened.env });
  const port = await thread.call('acquireFromSlice', 1, { label: 'was terminated' });
  await thread.kill();
  // It has ended for Node a moment before it has for the kernel.
  await until('the kernel knows of its end', () => {
    const pool = poolOf(process.pid);
    return pool?.isReadable === true && pool.workers[0]?.isAlive === false;
  });
  expect(poolOf(process.pid)).toMatchObject({
    workers: [{ isAlive: false, ports: [{ port, label: 'was terminated' }] }],
  });
});

test('A port that a terminated thread has had is its next owner’s, also in the same process', async () => {
  await using opened = await openTestPool(1);
  const thread = await startPortThread({ env: opened.env });
  await thread.call('claim', { label: 'before' });
  await thread.kill();
  await until('the kernel knows of its end', () => platform.openKernel().closeOrphans() > 0);
  const later = PortPool.create({ ports: opened.spec });
  onTestFinished(() => later.close());
  const owner = await later.slice().acquire({ label: 'after' });
  const ports = readMachineStatus().pools.flatMap((pool) =>
    pool.isReadable ? pool.workers.flatMap((worker) => worker.ports) : [],
  );
  expect(ports.filter(({ port }) => port === owner.port)).toMatchObject([{ label: 'after' }]);
});

test('A child that was forked and has executed no program has copies of the locks, and none of its own', async (context) => {
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  const script = `
import os, socket, sys, time
lock = socket.socket(socket.AF_UNIX)
lock.bind(b'\\0portslice/' + sys.argv[1].encode())
child = os.fork()
if child: print(child, flush=True)
time.sleep(1000)`;
  await using locker = startProcess([needProgram(context, 'python3'), '-c', script, String(port)], {
    stdout: 'pipe',
  });
  const [line] = (await once(locker.child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  const child = Number.parseInt(line.toString(), 10);
  expect(child).toBeGreaterThan(1);
  try {
    expect(locksOf(port)?.process).toMatchObject({ processId: locker.pid });
    expect(platform.findLockHolders([port]).get(port)).toMatchObject({ processId: locker.pid });
  } finally {
    process.kill(child, 'SIGKILL');
  }
});

test('While ports come and go, none is taken for somebody else’s', async () => {
  await using opened = await openTestPool(12, { workers: 3, restMs: 0 });
  const workers = [1, 2, 3].map(() => startPortWorker({ env: opened.env }));
  const progress = { isOver: false, readings: 0 };
  const served = Promise.all(workers.map((worker) => worker.call('serve', 80))).finally(() => {
    progress.isOver = true;
  });
  while (!progress.isOver) {
    const { otherLocks } = readMachineStatus();
    const theirs = otherLocks.flatMap(({ ports }) => ports.map(({ port }) => port));
    expect(theirs.filter((port) => opened.ports.includes(port))).toEqual([]);
    progress.readings++;
    await setImmediate();
  }
  expect(progress.readings).toBeGreaterThan(0);
  expect((await served).flat()).toHaveLength(240);
  await Promise.all(workers.map((worker) => worker.end()));
});
