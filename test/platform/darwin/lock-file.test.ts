/** Locks on a machine whose loopback interface has no link-local address. */
import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LOCK_FILE } from '../../../src/platform/darwin/lock-file.ts';
import { platform } from '../../../src/platform/platform.ts';
import { withTraits } from '../../support/darwin/machine-variables.ts';
import { startPeer, startPeerThread } from '../../support/kernel-peer.ts';
import { reservePorts } from '../../support/port-block.ts';
import { describeLocks } from '../conformance/locks.ts';

// The stand-in reads it at each bind; the processes and threads of this file have it too.
Object.assign(process.env, withTraits('no-link-local'));

describeLocks('the Darwin stand-in without the link-local address', () => platform.openKernel());

const kernel = platform.openKernel();

test('The lock is in a file that every user may write', async () => {
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  const lock = kernel.takeLock(port) as number;
  expect(statSync(LOCK_FILE).mode & 0o777).toBe(0o666);
  kernel.closeDescriptors([lock]);
});

test('What a terminated thread has locked stays so until it is closed', async () => {
  kernel.closeOrphans();
  await using block = await reservePorts(2);
  const [dead, alive] = block.ports as [number, number];
  const mine = kernel.takeLock(alive) as number;
  const victim = await startPeerThread();
  expect(await victim.kernel('takeLock', dead)).toBeTypeOf('number');
  expect(kernel.closeOrphans()).toBe(0);
  await victim.kill();
  await using stranger = await startPeer();
  expect(await stranger.kernel('takeLock', dead)).toBeUndefined();
  expect(kernel.closeOrphans()).toBe(1);
  expect(await stranger.kernel('takeLock', dead)).toBeTypeOf('number');
  expect(await stranger.kernel('takeLock', alive)).toBeUndefined();
  kernel.closeDescriptors([mine]);
});
