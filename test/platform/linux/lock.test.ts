import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { systemNeeds } from '../../../scripts/system-needs.ts';
import { libc } from '../../../src/platform/linux/libc.ts';
import { takeLock, takeName } from '../../../src/platform/linux/lock.ts';
import { platform } from '../../../src/platform/platform.ts';
import { type KernelPeer, startPeer } from '../../support/kernel-peer.ts';
import { needNamespace, needProgram, needRoot } from '../../support/needs.ts';
import { reservePorts } from '../../support/port-block.ts';
import { needRestriction } from '../../support/restricted.ts';
import { startStranger } from '../../support/stranger.ts';
import { describeLocks } from '../conformance/locks.ts';

describeLocks('Linux', () => platform.openKernel());

test("An errno that is not the call's own, since V8 has called the C library after it, fails no claim", async () => {
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  const real = libc();
  let readings = 0;
  const disturbed = { ...real, errno: () => (readings++ === 0 ? constants.errno.EAGAIN : real.errno()) };
  const lock = takeLock(real, port) as number;
  expect(takeLock(disturbed, port)).toBeUndefined();
  expect(readings).toBe(2);
  real.close(lock);
});

const kernel = platform.openKernel();

test('The lock is the abstract address portslice/<port>, bound, never listening and without padding', async () => {
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  const lock = takeLock(libc(), port) as number;
  const lines = readFileSync('/proc/net/unix', 'latin1')
    .split('\n')
    .filter((line) => line.endsWith(` @portslice/${port}`));
  expect(lines).toHaveLength(1);
  const [, , , flags, type, state, , name] = (lines[0] as string).split(/\s+/);
  // Type 1 is a stream, state 1 is unconnected; bit 16 of the flags would be a listener. The kernel shows NUL as '@'.
  expect({ flags, type, state, name }).toEqual({
    flags: '00000000',
    type: '0001',
    state: '01',
    name: `@portslice/${port}`,
  });
  kernel.closeDescriptors([lock]);
});

test('A Python program that binds the same name excludes us and is excluded by us', async (context) => {
  await using stranger = startStranger(needProgram(context, 'python3'));
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  const lock = kernel.takeLock(port) as number;
  const id = await stranger.open('unix');
  expect(await stranger.connectToName(id, `portslice/${port}`)).toBe('ECONNREFUSED');
  expect(await stranger.bindName(id, `portslice/${port}`)).toBe('EADDRINUSE');
  // Node 20 pads such names with NUL: for the kernel that is another name.
  const padded = await stranger.open('unix');
  expect(await stranger.bindName(padded, `portslice/${port}\0`)).toBe('done');
  kernel.closeDescriptors([lock]);
  expect(await stranger.bindName(id, `portslice/${port}`)).toBe('done');
  expect(kernel.takeLock(port)).toBeUndefined();
  await stranger.close(id);
  kernel.closeDescriptors([kernel.takeLock(port) as number]);
});

test('The lock excludes processes in other process, mount and user namespaces', async (context) => {
  needRoot(context);
  needNamespace(context);
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  const unshare = systemNeeds().unshare as string;
  const wrapper = [unshare, '--pid', '--fork', '--kill-child', '--mount-proc', '--ipc', '--uts', '--cgroup'];
  await using inside = await startPeer({ wrapper });
  expect(await inside.tell.run('sh', ['-c', 'readlink /proc/self'])).not.toContain(String(process.pid));
  const lock = kernel.takeLock(port) as number;
  expect(await inside.kernel('takeLock', port)).toBeUndefined();
  kernel.closeDescriptors([lock]);
  expect(await inside.kernel('takeLock', port)).toBeTypeOf('number');
  expect(kernel.takeLock(port)).toBeUndefined();
});

test('Two network namespaces do not disturb each other', async (context) => {
  const wrapper = needNamespace(context);
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  const everywhere = { addresses: 'everywhere' as const };
  await using one = await startPeer({ wrapper });
  await using other = await startPeer({ wrapper });
  const takeBoth = async (peer: KernelPeer): Promise<void> => {
    expect(await peer.kernel('takeLock', port)).toBeTypeOf('number');
    expect(await peer.kernel('takeHold', port, everywhere)).toMatchObject({
      kind: 'held',
      descriptors: [expect.any(Number)],
    });
  };
  await takeBoth(one);
  await takeBoth(other);
  const mine = [kernel.takeLock(port), ...(kernel.takeHold(port, everywhere)?.descriptors ?? [])];
  expect(mine).toEqual([expect.any(Number), expect.any(Number)]);
  kernel.closeDescriptors(mine as number[]);
});

test('Any name can be taken, also of the greatest length, and a longer one is an error', () => {
  const longest = 'portslice-test/'.padEnd(107, String(process.pid));
  const taken = takeName(libc(), longest);
  expect(taken).toBeTypeOf('number');
  expect(takeName(libc(), longest)).toBeUndefined();
  kernel.closeDescriptors([taken as number]);
  expect(() => takeName(libc(), `${longest}x`)).toThrow(/EINVAL/);
});

test('Where a sandbox denies abstract addresses the lock is a typed error and leaks no descriptor', async (context) => {
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  const addressBytes = 3 + `portslice/${port}`.length;
  await using peer = await startPeer({ wrapper: needRestriction(context, `bind:2=${addressBytes}:EACCES`) });
  const before = await peer.tell.countDescriptors();
  await expect(peer.kernel('takeLock', port)).rejects.toMatchObject({
    errorName: 'PermissionError',
    message: expect.stringMatching(/sandbox forbids abstract socket addresses/) as string,
    facts: { code: 'PORTSLICE_PERMISSION', errnoName: 'EACCES' },
  });
  expect(await peer.tell.countDescriptors()).toBe(before);
});
