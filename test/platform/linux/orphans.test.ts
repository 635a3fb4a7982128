import { beforeEach, describe, expect, test } from 'vitest';
import { libc } from '../../../src/platform/linux/libc.ts';
import { takeName } from '../../../src/platform/linux/lock.ts';
import { platform } from '../../../src/platform/platform.ts';
import { type KernelPeer, startPeer, startPeerThread } from '../../support/kernel-peer.ts';
import { needNamespace } from '../../support/needs.ts';
import { reservePorts } from '../../support/port-block.ts';
import { scriptOutput } from '../../support/run-script.ts';
import { EVERYWHERE } from '../conformance/holds.ts';
import { expectRecovery } from '../conformance/orphan-storm.ts';

const kernel = platform.openKernel();

async function claim(party: KernelPeer, port: number): Promise<void> {
  expect(await party.kernel('takeLock', port)).toBeTypeOf('number');
  expect(await party.kernel('takeHold', port, EVERYWHERE)).toMatchObject({
    kind: 'held',
    descriptors: [expect.any(Number)],
  });
}

describe('what a terminated thread leaves', () => {
  // Threads of an earlier test, ended with it.
  beforeEach(() => void kernel.closeOrphans());

  test('stays taken until it is closed, and then exactly that is free again', async () => {
    await using block = await reservePorts(4);
    const [dead, alive, own, sealed] = block.ports as [number, number, number, number];
    const mine = [kernel.takeLock(own), ...(kernel.takeHold(own, EVERYWHERE)?.descriptors ?? [])] as number[];
    await using survivor = await startPeerThread();
    await claim(survivor, alive);
    const victim = await startPeerThread();
    await claim(victim, dead);
    expect(await victim.kernel('takeLock', sealed)).toBeTypeOf('number');
    expect(await victim.kernel('takeSeal', sealed, 'everywhere')).toHaveLength(1);

    expect(kernel.closeOrphans()).toBe(0);
    await victim.kill();
    await using stranger = await startPeer();
    for (const port of block.ports) expect(await stranger.kernel('takeLock', port)).toBeUndefined();
    expect(kernel.closeOrphans()).toBe(4);
    expect(kernel.closeOrphans()).toBe(0);
    for (const port of [dead, sealed]) await claim(stranger, port);
    for (const port of [alive, own]) {
      expect(await stranger.kernel('takeLock', port)).toBeUndefined();
      expect(await stranger.kernel('takeHold', port, EVERYWHERE)).toBeUndefined();
    }
    kernel.closeDescriptors(mine);
    await claim(stranger, own);
  });

  test('can be closed by another thread, but not by another process', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const victim = await startPeerThread();
    await claim(victim, port);
    await victim.kill();
    await using otherProcess = await startPeer();
    expect(await otherProcess.kernel('closeOrphans')).toBe(0);
    await using otherThread = await startPeerThread();
    // A new thread has cleaned up before it does anything else.
    expect(await otherThread.kernel('closeOrphans')).toBe(0);
    await claim(otherProcess, port);
  });

  test('is closed by one thread at a time', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const victim = await startPeerThread();
    await claim(victim, port);
    await victim.kill();
    const mutex = takeName(libc(), `portslice/orphans/${process.pid}/0`) as number;
    expect(kernel.closeOrphans()).toBe(0);
    kernel.closeDescriptors([mutex]);
    expect(kernel.closeOrphans()).toBe(2);
  });

  test('is closed though threads were terminated in the middle of doing so, and of closing what those had left', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    // All are there before the first one ends: a new thread cleans up.
    const victims = [await startPeerThread(), await startPeerThread(), await startPeerThread()];
    for (const [level, victim] of victims.entries()) {
      if (level === 0) await claim(victim, port);
      expect(await victim.tell.takeName(`portslice/orphans/${process.pid}/${level}`)).toBeTypeOf('number');
      await victim.kill();
    }
    // Both descriptors of the port, and three mutexes.
    expect(kernel.closeOrphans()).toBe(5);
    expect(kernel.closeOrphans()).toBe(0);
    await using stranger = await startPeer();
    await claim(stranger, port);
  });

  test('is nothing where the thread has ended by itself after giving everything back', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const thread = await startPeerThread();
    const lock = (await thread.kernel('takeLock', port)) as number;
    await thread.kernel('closeDescriptors', [lock]);
    await thread.kill();
    expect(kernel.closeOrphans()).toBe(0);
  });
});

/** A thread with a lock and a hold is terminated where the process has no descriptor left, and then a single one. */
const ORPHANS_WITHOUT_DESCRIPTORS = `
  import { once } from 'node:events';
  import { closeSync, openSync } from 'node:fs';
  import { setImmediate as turn } from 'node:timers/promises';
  import { Worker } from 'node:worker_threads';
  const { platform } = await import('./src/platform/platform.ts');
  const kernel = platform.openKernel();
  const thread = new Worker('./test/support/kernel-peer.program.ts', { execArgv: [] });
  await once(thread, 'message');
  for (const args of [['takeLock', 9000], ['takeHold', 9000, {}]]) {
    thread.postMessage({ id: 0, name: 'kernel', args });
    await once(thread, 'message');
  }
  await thread.terminate();
  const used = [];
  const attempt = async (act) => {
    try {
      for (let closed = 0; ; await turn()) if ((closed += act()) === 2) return closed;
    } catch (error) {
      return error.code;
    }
  };
  try { for (;;) used.push(openSync('/dev/null', 'r')); } catch {}
  const withNone = await attempt(() => kernel.closeOrphans());
  closeSync(used.pop());
  const withOne = await attempt(() => kernel.closeOrphans());
  console.log(JSON.stringify({ withNone, withOne, free: kernel.takeLock(9000) !== undefined }));`;

test('What a terminated thread has left can be closed with a single free descriptor, but not with none', async (context) => {
  const few = ['sh', '-c', 'ulimit -n 100; exec "$0" "$@"'];
  const wrapper = [...needNamespace(context), ...few];
  expect(await scriptOutput(ORPHANS_WITHOUT_DESCRIPTORS, { wrapper })).toEqual({
    withNone: 'PORTSLICE_RESOURCE_LIMIT',
    withOne: 2,
    free: true,
  });
});

describe('threads that are terminated at random moments', () => {
  test('leave nothing that cannot be freed, and a thousand other files stay open', async () => {
    await expectRecovery();
  });

  test('leave nothing that cannot be freed where /proc cannot be listed', async (context) => {
    await expectRecovery(needNamespace(context, 'mount -t tmpfs none /proc'));
  });
});
