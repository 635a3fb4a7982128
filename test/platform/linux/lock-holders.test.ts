import { expect, test } from 'vitest';
import { libc } from '../../../src/platform/linux/libc.ts';
import { takeName } from '../../../src/platform/linux/lock.ts';
import { platform } from '../../../src/platform/platform.ts';
import { NOBODY, startPeer } from '../../support/kernel-peer.ts';
import { needNamespace, needRoot } from '../../support/needs.ts';
import { reservePorts } from '../../support/port-block.ts';

test('Who has locked a port is its process, by command and user; a port that nobody has locked is left out', async () => {
  await using block = await reservePorts(3);
  const [ours, theirs, free] = block.ports as [number, number, number];
  const lock = platform.openKernel().takeLock(ours) as number;
  await using peer = await startPeer();
  await peer.kernel('takeLock', theirs);
  const holders = platform.findLockHolders([ours, theirs, free]);
  expect([...holders.keys()].toSorted((a, b) => a - b)).toEqual([ours, theirs]);
  const userId = process.getuid?.();
  expect(holders.get(ours)).toMatchObject({ processId: process.pid, userId });
  expect(holders.get(theirs)).toEqual({
    processId: peer.pid,
    userId,
    command: expect.stringContaining('kernel-peer') as string,
  });
  platform.openKernel().closeDescriptors([lock]);
  expect(platform.findLockHolders([ours])).toEqual(new Map());
});

test('The name of another port that begins alike is another port', async () => {
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  const kernel = platform.openKernel();
  const descriptor = takeName(libc(), `portslice/${port}/1`) as number;
  expect(platform.findLockHolders([port])).toEqual(new Map());
  kernel.closeDescriptors([descriptor]);
});

test('Of a process that cannot be looked into only the lock is known', async (context) => {
  needRoot(context);
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  const kernel = platform.openKernel();
  const lock = kernel.takeLock(port) as number;
  await using other = await startPeer({ userId: NOBODY });
  expect(await other.kernel('findLockHolders', [port])).toEqual(new Map([[port, {}]]));
  kernel.closeDescriptors([lock]);
});

test('Where there is no /proc nobody is known', async (context) => {
  await using peer = await startPeer({ wrapper: needNamespace(context, 'mount -t tmpfs none /proc') });
  await peer.kernel('takeLock', 9000);
  expect(await peer.kernel('findLockHolders', [9000])).toEqual(new Map());
});
