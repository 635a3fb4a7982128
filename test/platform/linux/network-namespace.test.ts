import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { platform } from '../../../src/platform/platform.ts';
import { startPeer, startPeerThread } from '../../support/kernel-peer.ts';
import { needNamespace, needProgram } from '../../support/needs.ts';
import { needRestriction } from '../../support/restricted.ts';
import { startStranger } from '../../support/stranger.ts';

const kernel = platform.openKernel();
// SOL_SOCKET and SO_NETNS_COOKIE: a kernel before 5.12 does not know the latter.
const NO_COOKIE = 'getsockopt:1=1,2=71:ENOPROTOOPT';

test('The network namespace is named by the cookie that the kernel gives it', async (context) => {
  await using stranger = startStranger(needProgram(context, 'python3'));
  expect(kernel.networkNamespace()).toBe(`cookie:${await stranger.networkNamespaceCookie()}`);
});

test('Threads and processes of one network namespace agree on its name, those of another have another', async (context) => {
  await using thread = await startPeerThread();
  await using elsewhere = await startPeer({ wrapper: needNamespace(context) });
  expect(await thread.kernel('networkNamespace')).toBe(kernel.networkNamespace());
  expect(await elsewhere.kernel('networkNamespace')).toMatch(/^cookie:\d+$/);
  expect(await elsewhere.kernel('networkNamespace')).not.toBe(kernel.networkNamespace());
});

test('On a kernel without cookies it is named by its device and inode', async (context) => {
  await using peer = await startPeer({ wrapper: needRestriction(context, NO_COOKIE) });
  const { dev, ino } = statSync('/proc/self/ns/net');
  expect(await peer.kernel('networkNamespace')).toBe(`inode:${dev}:${ino}`);
  const before = await peer.tell.countDescriptors();
  await peer.kernel('networkNamespace');
  expect(await peer.tell.countDescriptors()).toBe(before);
});

test('Without cookies and without /proc it is unknown, which is no error', async (context) => {
  const wrapper = [
    ...needNamespace(context, 'mount -t tmpfs none /proc'),
    ...needRestriction(context, NO_COOKIE),
  ];
  await using peer = await startPeer({ wrapper });
  expect(await peer.kernel('networkNamespace')).toBe('unknown');
});
