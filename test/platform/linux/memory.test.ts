import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PoolForeignError, PoolHandleError, PoolStaleError } from '../../../src/errors/index.ts';
import {
  F_ADD_SEALS,
  F_SEAL_GROW,
  F_SEAL_SHRINK,
  MFD_ALLOW_SEALING,
} from '../../../src/platform/linux/constants.ts';
import { libc } from '../../../src/platform/linux/libc.ts';
import { takeName } from '../../../src/platform/linux/lock.ts';
import { platform } from '../../../src/platform/platform.ts';
import type { CreatedMemory } from '../../../src/platform/port-kernel.ts';
import { errorOf } from '../../support/catch-error.ts';
import { type KernelPeer, NOBODY, startPeer } from '../../support/kernel-peer.ts';
import { needRoot } from '../../support/needs.ts';
import { describeSegmentMemory, mappedByAPeer, mappedTwice } from '../conformance/segment-memory.ts';

const kernel = platform.openKernel();
const HANDLE = 'the handle';
const descriptorCount = (): number => readdirSync('/proc/self/fd').length;
const locatorOf = (descriptor: number, processId = process.pid): string => `memfd:${processId}:${descriptor}`;
const descriptorOf = ({ locator }: CreatedMemory): number => Number(locator.split(':')[2]);
const attachHere = (descriptor: number): unknown => kernel.attachMemory(locatorOf(descriptor), HANDLE);

let peer: KernelPeer;
beforeAll(async () => {
  peer = await startPeer();
});
afterAll(() => peer.kill());

describeSegmentMemory(
  'a memfd that another process has mapped',
  mappedByAPeer(kernel, () => peer),
);

describeSegmentMemory('a memfd that the same process has mapped twice', mappedTwice(kernel));

describe('the memory', () => {
  test('can be made neither smaller nor greater, by nobody who can open it', () => {
    const memory = kernel.createMemory(8192);
    for (const descriptor of [
      descriptorOf(memory),
      openSync(`/proc/self/fd/${descriptorOf(memory)}`, 'r+'),
    ]) {
      for (const byteLength of [0, 4096, 8191, 8193, 100_000])
        expect(() => ftruncateSync(descriptor, byteLength)).toThrow(/EPERM/);
      expect(() => writeSync(descriptor, 'x', 8192)).toThrow(/EPERM/);
      // Nor can the seals be taken off, or others be added.
      expect(libc().fcntl(descriptor, F_ADD_SEALS, 0x8)).toBe(-1);
    }
    expect(memory.buffer.byteLength).toBe(8192);
    memory.close();
  });

  test('costs its creator one descriptor until it is closed, and those who attach none', async () => {
    const before = descriptorCount();
    const memory = kernel.createMemory(4096);
    expect(descriptorCount()).toBe(before + 1);
    const theirs = await peer.tell.countDescriptors();
    expect(await peer.tell.attach(memory.locator, HANDLE)).toBe(4096);
    expect(await peer.tell.countDescriptors()).toBe(theirs);
    memory.close();
  });

  test('stays usable for those who have it, when its creator closes it or dies', async () => {
    const memory = kernel.createMemory(4096);
    const again = kernel.attachMemory(memory.locator, HANDLE);
    memory.close();
    new Uint8Array(memory.buffer)[7] = 42;
    expect(new Uint8Array(again.buffer)[7]).toBe(42);
  });

  test('is not inherited by the processes that its creator starts', () => {
    const memory = kernel.createMemory(4096);
    const links = execFileSync(process.execPath, [
      '-p',
      `fs.readdirSync('/proc/self/fd').map((fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd) } catch {} }).join()`,
    ]);
    expect(links.toString()).not.toContain('portslice');
    memory.close();
  });
});

async function expectRefused(
  type: new (facts: { handle: string; problem: string }) => PoolStaleError | PoolForeignError,
  problem: RegExp,
  descriptor: number,
): Promise<void> {
  const before = descriptorCount();
  const error = await errorOf(type, () => attachHere(descriptor));
  expect(error.handle).toBe(HANDLE);
  expect(error.message).toMatch(problem);
  expect(descriptorCount()).toBe(before);
}

describe('attaching to what is not the memory of a pool', () => {
  test.each([
    'shm:1:2',
    'memfd:0:23',
    'memfd:-1:23',
    'memfd:0x10:23',
    'memfd:self:23',
    'memfd:99999999999:23',
    'memfd:4711:-1',
    'memfd:4711:../23',
    'memfd:4711:',
    'memfd:4711',
  ])('a locator such as %s is refused', async (locator) => {
    const error = await errorOf(PoolHandleError, () => kernel.attachMemory(locator, HANDLE));
    expect(error.handle).toBe(HANDLE);
  });

  test('a process that has ended is a stale pool', async () => {
    const victim = await startPeer();
    await victim.kill();
    const error = await errorOf(PoolStaleError, () => kernel.attachMemory(locatorOf(3, victim.pid), HANDLE));
    expect(error.message).toMatch(/does not exist/);
  });

  test('a descriptor that was closed is a stale pool', async () => {
    const memory = kernel.createMemory(4096);
    memory.close();
    await expectRefused(PoolStaleError, /does not exist/, descriptorOf(memory));
  });

  test('a file, a directory, a device, a FIFO, a socket and another memfd in its place are a stale pool and are not opened', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'portslice-memory-'));
    try {
      execFileSync('mkfifo', [path.join(folder, 'fifo')]);
      const opened = [
        openSync(path.join(folder, 'file'), 'w+'),
        openSync(folder, 'r'),
        openSync('/dev/null', 'r+'),
        openSync(path.join(folder, 'fifo'), constants.O_RDWR),
        takeName(libc(), `portslice-test/${process.pid}`) as number,
        libc().memfd_create('portslice-other', MFD_ALLOW_SEALING),
      ];
      for (const descriptor of opened) await expectRefused(PoolStaleError, /is now '/, descriptor);
      kernel.closeDescriptors(opened);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a memfd of the same name is foreign if it lacks a seal against shrinking or growing', async () => {
    for (const seals of [0, F_SEAL_SHRINK, F_SEAL_GROW]) {
      const descriptor = libc().memfd_create('portslice', MFD_ALLOW_SEALING);
      ftruncateSync(descriptor, 4096);
      expect(libc().fcntl(descriptor, F_ADD_SEALS, seals)).toBe(0);
      await expectRefused(PoolForeignError, /is not the sealed memory of a port pool/, descriptor);
      closeSync(descriptor);
    }
  });

  test('a FIFO that passes for the memory by its name is foreign, and does not block', async (context) => {
    needRoot(context);
    // The kernel shows a deleted file of the root folder with this name just as it shows a memfd called portslice.
    const name = '/memfd:portslice';
    execFileSync('mkfifo', [name]);
    let descriptor: number;
    try {
      descriptor = openSync(name, constants.O_RDWR);
    } finally {
      unlinkSync(name);
    }
    await expectRefused(PoolForeignError, /is not the sealed memory of a port pool/, descriptor);
    closeSync(descriptor);
  });

  test("another user's pool is foreign", async (context) => {
    needRoot(context);
    const memory = kernel.createMemory(4096);
    await using other = await startPeer({ userId: NOBODY });
    await expect(other.tell.attach(memory.locator, HANDLE)).rejects.toMatchObject({
      errorName: 'PoolForeignError',
      message: expect.stringMatching(/belongs to another user or is protected \(EACCES\)/) as string,
      facts: { code: 'PORTSLICE_POOL_FOREIGN', handle: HANDLE },
    });
    memory.close();
  });
});
