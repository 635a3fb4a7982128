/** What terminated threads leave on the Darwin stand-in. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { withCloserMutex } from '../../../src/platform/darwin/closer-mutex.ts';
import { libc } from '../../../src/platform/darwin/libc.ts';
import { closeOrphans } from '../../../src/platform/darwin/orphans.ts';
import { platform } from '../../../src/platform/platform.ts';
import { cleanEnvironment } from '../../support/environment.ts';
import { startPeer, startPeerThread } from '../../support/kernel-peer.ts';
import { reservePorts } from '../../support/port-block.ts';
import type { StormResult } from '../linux/orphan-storm.program.ts';

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
  const program = fileURLToPath(new URL('../linux/orphan-storm.program.ts', import.meta.url));
  await using block = await reservePorts(38);
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...block.ports.map(String)], {
    env: cleanEnvironment(),
  });
  const { closed, otherFiles, ...rest } = JSON.parse(stdout) as StormResult;
  expect(rest).toEqual({
    closedAgain: 0,
    freed: block.ports.slice(2),
    mainLives: true,
    threadLives: true,
    disturbed: [],
  });
  expect(closed).toBeGreaterThan(0);
  expect(otherFiles).toBeGreaterThan(1000);
}, 60_000);
