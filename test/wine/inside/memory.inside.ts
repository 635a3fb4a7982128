import { expect, test } from 'vitest';
import { PoolDamagedError, PoolHandleError, PoolStaleError } from '../../../src/errors/index.ts';
import { platform } from '../../../src/platform/platform.ts';
import { describeSegmentMemory, mappedByAPeer } from '../../platform/conformance/segment-memory.ts';
import { startPeer } from '../../support/kernel-peer.ts';

const kernel = platform.openKernel();
const HANDLE = 'the handle';
const peer = await startPeer();

describeSegmentMemory(
  'a named section that another process has mapped',
  mappedByAPeer(kernel, () => peer),
);

test('Memory that was closed is stale for those who come later, and stays with those who have it', () => {
  const memory = kernel.createMemory(4096);
  const { buffer } = kernel.attachMemory(memory.locator, HANDLE);
  memory.close();
  expect(() => kernel.attachMemory(memory.locator, HANDLE)).toThrow(PoolStaleError);
  new Int32Array(memory.buffer)[7] = 42;
  expect(new Int32Array(buffer)[7]).toBe(42);
});

test('Memory is gone with the process that has created it', async () => {
  const creator = await startPeer();
  const locator = await creator.tell.createOpenMemory(4096);
  expect(kernel.copyMemory(locator).byteLength).toBe(4096);
  await creator.kill();
  expect(() => kernel.attachMemory(locator, HANDLE)).toThrow(PoolStaleError);
});

test('A copy shows the memory as it was, and is no part of it', () => {
  const memory = kernel.createMemory(8192);
  const words = new Int32Array(memory.buffer);
  words[2000] = 1;
  const copy = new Int32Array(kernel.copyMemory(memory.locator));
  words[2000] = 2;
  expect([copy.length, copy[2000]]).toEqual([2048, 1]);
  memory.close();
});

test('A locator with another size, or of another system, is refused', () => {
  const memory = kernel.createMemory(4096);
  const larger = memory.locator.replace(':4096:', ':999999:');
  const smaller = memory.locator.replace(':4096:', ':8:');
  expect(() => kernel.attachMemory(larger, HANDLE)).toThrow(PoolDamagedError);
  expect(() => kernel.attachMemory(smaller, HANDLE)).toThrow(PoolDamagedError);
  expect(() => kernel.attachMemory('memfd:1:2', HANDLE)).toThrow(PoolHandleError);
  memory.close();
});
