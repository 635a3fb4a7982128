/** What Windows tells of processes and threads. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { platform } from '../../../src/platform/platform.ts';
import { startPeer, startPeerThread } from '../../support/kernel-peer.ts';
import { reservePorts } from '../../support/port-block.ts';

const kernel = platform.openKernel();

test('A process is alive and running until it was killed', async () => {
  const peer = await startPeer();
  const threadId = await peer.tell.threadId();
  expect([platform.isAlive(threadId), platform.isRunning(peer.pid)]).toEqual([true, true]);
  await peer.kill();
  expect([platform.isAlive(threadId), platform.isRunning(peer.pid)]).toEqual([false, false]);
});

test('A thread is alive until it was terminated', async () => {
  const thread = await startPeerThread();
  const threadId = await thread.tell.threadId();
  expect(threadId).not.toBe(kernel.threadId);
  expect([platform.isAlive(threadId), platform.isAlive(kernel.threadId)]).toEqual([true, true]);
  await thread.kill();
  expect(platform.isAlive(threadId)).toBe(false);
});

test('Nobody has the numbers 0 and less, and the largest', () => {
  for (const number of [0, -1, 0x7f_ff_ff_fc])
    expect([platform.isAlive(number), platform.isRunning(number)]).toEqual([false, false]);
});

test('A process descends from us', async () => {
  await using peer = await startPeer();
  expect(platform.findAncestors(peer.pid).slice(0, 2)).toEqual([peer.pid, process.pid]);
  expect(await peer.kernel('findAncestors', process.pid)).not.toContain(peer.pid);
  expect(platform.findAncestors(0x7f_ff_ff_fc)).toEqual([]);
});

test('How a process has ended is known as long as somebody has a handle of it', async () => {
  const peer = await startPeer();
  expect(platform.findEnd(peer.pid)).toBeUndefined();
  expect(platform.findEnd(0x7f_ff_ff_fc)).toBeUndefined();
  await peer.kill();
});

test('Threads that come and go leave nothing that the process would run out of', async () => {
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  for (let round = 0; round < 5; round++) {
    const thread = await startPeerThread();
    expect(await thread.kernel('takeLock', port)).toBeTypeOf('number');
    await thread.kill();
  }
  // Each new thread has closed what the one before had left.
  expect(kernel.closeOrphans()).toBe(1);
});

test('A thread that ends by itself gives its lock back', async () => {
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  const url = JSON.stringify(new URL('../../../src/platform/platform.ts', import.meta.url));
  const worker = new Worker(
    `import(${url}).then(({ platform }) => { require('node:worker_threads').parentPort.postMessage(platform.openKernel().takeLock(${port}) !== undefined) })`,
    { eval: true },
  );
  expect(await once(worker, 'message')).toEqual([true]);
  await once(worker, 'exit');
  const lock = kernel.takeLock(port) as number;
  expect(lock).toBeTypeOf('number');
  kernel.closeDescriptors([lock]);
});

test('The holder of a lock is somebody, and of a free port nobody', async () => {
  await using block = await reservePorts(2);
  const [port, free] = block.ports as [number, number];
  await using peer = await startPeer();
  await peer.kernel('takeLock', port);
  // Wine does not tell whose a mutex is; Windows does.
  expect([...platform.findLockHolders([port, free]).keys()]).toEqual([port]);
});
