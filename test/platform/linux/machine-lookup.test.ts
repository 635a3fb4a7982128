/** What Linux tells of all of portslice on a machine, taken apart. The tests of the status have the whole. */
import { expect, test } from 'vitest';
import { libc } from '../../../src/platform/linux/libc.ts';
import { takeName } from '../../../src/platform/linux/lock.ts';
import { parseUserNames } from '../../../src/platform/linux/process-description.ts';
import { parseUnixTable } from '../../../src/platform/linux/unix-table.ts';
import { machineLookup } from '../../../src/platform/machine-lookup.ts';
import { startPeer, startPeerThread } from '../../support/kernel-peer.ts';

test('The table of AF_UNIX sockets has the names of portslice among others', () => {
  const table = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00000000 0001 01 108589359 @portslice/30706
0000000000000000: 00000002 00000000 00000000 0001 01 7 @portslice/pool/4711/21
0000000000000000: 00000003 00000000 00000000 0001 03 8
0000000000000000: 00000002 00000000 00010000 0001 01 9 /run/portslice/1
0000000000000000: 00000002 00000000 00010000 0001 01 10 @portslice-test/1
`;
  expect(parseUnixTable(table)).toEqual([
    { name: 'portslice/30706', inode: '108589359', userId: undefined },
    { name: 'portslice/pool/4711/21', inode: '7', userId: undefined },
  ]);
  expect(parseUnixTable(undefined)).toBeUndefined();
});

test('A name that only looks like that of a lock is none', () => {
  const descriptors = ['portslice/70000', 'portslice/01024'].map((name) => takeName(libc(), name));
  expect(descriptors).not.toContain(undefined);
  const ports = machineLookup.readMachine()?.locks.map(({ port }) => port);
  for (const descriptor of descriptors) libc().close(descriptor as number);
  expect(ports).not.toContain(70_000);
  expect(ports?.every((port) => port >= 1 && port <= 65_535)).toBe(true);
});

test('A user has the first name that the list has for the number', () => {
  const list =
    'root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n\nbroken\n# a:b\nann:x:1001:1001::/home/ann:/bin/sh\n';
  expect([...parseUserNames(list)]).toEqual(
    expect.arrayContaining([
      [0, 'root'],
      [1001, 'ann'],
    ]),
  );
  expect(parseUserNames(list).size).toBe(2);
});

test('A process is described as long as it lives, and its threads belong to it', async () => {
  const before = Date.now();
  const peer = await startPeer();
  const thread = await startPeerThread();
  const threadId = await thread.tell.threadId();
  const description = machineLookup.describeProcess(peer.pid);
  expect(description).toMatchObject({
    processId: peer.pid,
    innerProcessId: undefined,
    command: expect.stringContaining('kernel-peer.program') as string,
    folder: process.cwd(),
    userId: process.geteuid?.(),
  });
  // The kernel counts in hundredths of a second.
  expect(description?.startedAtMs).toBeGreaterThan(before - 100);
  expect(description?.startedAtMs).toBeLessThan(Date.now() + 100);
  expect(machineLookup.describeProcess(peer.pid)).toEqual(description);
  expect(machineLookup.findProcessOfThread(peer.pid)).toBe(peer.pid);
  expect(threadId).not.toBe(process.pid);
  expect(machineLookup.findProcessOfThread(threadId)).toBe(process.pid);
  await peer.kill();
  await thread.kill();
  expect(machineLookup.describeProcess(peer.pid)).toBeUndefined();
  expect(machineLookup.findProcessOfThread(peer.pid)).toBeUndefined();
  expect(machineLookup.findProcessOfThread(threadId)).toBeUndefined();
});
