/** Shared memory on the Darwin stand-in: what every system's keeps, and what becomes of names whose process has died. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  PoolDamagedError,
  PoolForeignError,
  PoolHandleError,
  PoolStaleError,
} from '../../../src/errors/index.ts';
import { platform } from '../../../src/platform/platform.ts';
import { errorOf } from '../../support/catch-error.ts';
import { type KernelPeer, NOBODY, startPeer, startPeerThread } from '../../support/kernel-peer.ts';
import { needRoot } from '../../support/needs.ts';
import { describeSegmentMemory, mappedByAPeer, mappedTwice } from '../conformance/segment-memory.ts';

const kernel = platform.openKernel();
const HANDLE = 'the handle';

let peer: KernelPeer;
beforeAll(async () => {
  peer = await startPeer();
});
afterAll(() => peer.kill());

describeSegmentMemory(
  'an object of the Darwin stand-in that another process has mapped',
  mappedByAPeer(kernel, () => peer),
);

describeSegmentMemory(
  'an object of the Darwin stand-in that the same process has mapped twice',
  mappedTwice(kernel),
);

const attach = (locator: string) => (): unknown => kernel.attachMemory(locator, HANDLE);

describe('the memory', () => {
  test('is found from its announcement to its end, by all processes', async () => {
    const memory = kernel.createMemory(8192);
    expect(await peer.kernel('findMemories')).not.toContain(memory.locator);
    memory.announce();
    expect(await peer.kernel('findMemories')).toContain(memory.locator);
    new Uint8Array(memory.buffer)[8191] = 7;
    const copy = new Uint8Array(await peer.kernel('copyMemory', memory.locator));
    expect([copy.length, copy[8191]]).toEqual([8192, 7]);
    memory.close();
    expect(kernel.findMemories()).not.toContain(memory.locator);
    await errorOf(PoolStaleError, attach(memory.locator));
  });

  test('of a process that was killed is stale, and its name is taken away by the next one that makes some', async () => {
    let locator: string;
    let message: string;
    do {
      const victim = await startPeer();
      locator = await victim.tell.keepMemory(8192);
      expect(await peer.kernel('findMemories')).toContain(locator);
      await victim.kill();
      ({ message } = await errorOf(PoolStaleError, attach(locator)));
      // Another test on this machine can have made some just now.
    } while (message.includes('does not exist'));
    expect(message).toContain('has ended');
    kernel.createMemory(4096).close();
    expect(kernel.findMemories()).not.toContain(locator);
    expect((await errorOf(PoolStaleError, attach(locator))).message).toContain('does not exist');
  });

  test('of a living process is not taken away by others that make some', async () => {
    await using creator = await startPeer();
    const locator = await creator.tell.keepMemory(8192);
    const thread = await startPeerThread();
    for (const other of [peer, thread]) await other.tell.createMemory(4096);
    await thread.kill();
    expect(kernel.findMemories()).toContain(locator);
    attach(locator)();
  });

  test('costs its creator one descriptor until it is closed, and those who attach none', async () => {
    const before = await peer.tell.countDescriptors();
    const locator = await peer.tell.keepMemory(8192);
    expect(await peer.tell.countDescriptors()).toBe(before + 1);
    await using other = await startPeer();
    const others = await other.tell.countDescriptors();
    expect(await other.tell.attach(locator, HANDLE)).toBe(8192);
    await other.kernel('copyMemory', locator);
    expect(await other.tell.countDescriptors()).toBe(others);
  });

  test('is refused by a locator that is none, that is too large or has an absurd size', async () => {
    const memory = kernel.createMemory(65_536);
    const [, name] = memory.locator.split(':');
    for (const locator of ['', 'memfd:1:2', 'shm:xyz:8192', `shm:${name}:0`, `shm:${name}:8192 `])
      await errorOf(PoolHandleError, attach(locator));
    await errorOf(PoolDamagedError, attach(`shm:${name}:65537`));
    await errorOf(PoolDamagedError, attach(`shm:${name}:9999999999`));
    await errorOf(PoolDamagedError, attach(`shm:${name}:1`));
    expect(attach(memory.locator)).not.toThrow();
    memory.close();
  });

  test('of another user is foreign, and not found', async (context) => {
    needRoot(context);
    const memory = kernel.createMemory(4096);
    memory.announce();
    await using other = await startPeer({ userId: NOBODY });
    expect(await other.kernel('findMemories')).not.toContain(memory.locator);
    await expect(other.tell.attach(memory.locator, HANDLE)).rejects.toMatchObject({
      errorName: PoolForeignError.name,
      message: expect.stringMatching(/belongs to another user or is protected \(EACCES\)/) as string,
    });
    memory.close();
  });
});
