/** What terminated threads leave on the Darwin stand-in. */
import { beforeEach, describe, expect, test } from 'vitest';
import { withCloserMutex } from '../../../src/platform/darwin/closer-mutex.ts';
import { libc } from '../../../src/platform/darwin/libc.ts';
import { closeOrphans } from '../../../src/platform/darwin/orphans.ts';
import { platform } from '../../../src/platform/platform.ts';
import { startPeer, startPeerThread } from '../../support/kernel-peer.ts';
import { reservePorts } from '../../support/port-block.ts';
import { expectRecovery } from '../conformance/orphan-storm.ts';

const kernel = platform.openKernel();

describe('what a terminated thread leaves', () => {
  // Threads of an earlier test, ended with it.
  beforeEach(() => void kernel.closeOrphans());

  test('stays taken until it is closed, and then exactly that is free again', async () => {
    await using block = await reservePorts(4);
    const [dead, alive, own, sealed] = block.ports as [number, number, number, number];
    const mine = kernel.takeLock(own) as number;
    await using survivor = await startPeerThread();
    await survivor.kernel('takeLock', alive);
    const victim = await startPeerThread();
    expect(await victim.kernel('takeLock', dead)).toBeTypeOf('number');
    expect(await victim.kernel('takeLock', sealed)).toBeTypeOf('number');
    expect(await victim.kernel('takeSeal', sealed, 'everywhere')).toHaveLength(4);

    expect(kernel.closeOrphans()).toBe(0);
    await victim.kill();
    await using stranger = await startPeer();
    for (const port of block.ports) expect(await stranger.kernel('takeLock', port)).toBeUndefined();
    expect(kernel.closeOrphans()).toBe(6);
    expect(kernel.closeOrphans()).toBe(0);
    for (const port of [dead, sealed]) {
      expect(await stranger.kernel('takeLock', port)).toBeTypeOf('number');
      expect(await stranger.kernel('somethingListens', port, 'everywhere')).toBe(false);
    }
    for (const port of [alive, own]) expect(await stranger.kernel('takeLock', port)).toBeUndefined();
    kernel.closeDescriptors([mine]);
  });

  test('can be closed by another thread, but not by another process', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const victim = await startPeerThread();
    await victim.kernel('takeLock', port);
    await victim.kill();
    await using otherProcess = await startPeer();
    expect(await otherProcess.kernel('closeOrphans')).toBe(0);
    await using otherThread = await startPeerThread();
    // A new thread has cleaned up before it does anything else.
    expect(await otherThread.kernel('closeOrphans')).toBe(0);
    expect(await otherProcess.kernel('takeLock', port)).toBeTypeOf('number');
  });

  test('is closed by one thread at a time, and though one was terminated in the middle of it', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const [victim, closer] = [await startPeerThread(), await startPeerThread()];
    await victim.kernel('takeLock', port);
    await victim.kill();
    await closer.tell.keepCloserMutex();
    expect(kernel.closeOrphans()).toBe(0);
    await closer.kill();
    expect(kernel.closeOrphans()).toBe(1);
    expect(withCloserMutex(libc(), () => 'free again')).toBe('free again');
  });
});

test('Where the system does not tell of a thread, its locks are not closed', async () => {
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  const victim = await startPeerThread();
  await victim.kernel('takeLock', port);
  await victim.kill();
  // EPERM, as a sandbox answers.
  expect(closeOrphans({ ...libc(), proc_pidinfo: () => 0, errno: () => 1 })).toBe(0);
  expect(closeOrphans(libc())).toBe(1);
});

test('Threads that are terminated at random moments leave nothing that cannot be freed, and other files stay open', async () => {
  await expectRecovery();
});
