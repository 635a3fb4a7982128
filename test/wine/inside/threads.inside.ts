/** Threads that claim ports as fast as they can and are terminated wherever they are, with the package as users have it. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { PortPool, TCPPortOwner } from 'portslice';
import { expect, test } from 'vitest';
import { reservePorts } from '../../support/port-block.ts';
import { until } from '../../support/until.ts';
import type { ClaimingThreadConfig } from './claiming-thread.program.ts';

const program = new URL('claiming-thread.program.ts', import.meta.url);
const PORT_COUNT = 6;
const AT_ONCE = 2;
const rounds = Number(process.env['STORM_ROUNDS'] ?? 4);

test('Terminated threads never share a port with others, and all of their ports come back', async () => {
  await using block = await reservePorts(PORT_COUNT);
  const pool = PortPool.create({ ports: block.spec });
  process.env['PORTSLICE_POOL'] = pool.handle;
  // Who has the port now, the number of the thread; who is dead, by that number; claims; how often a port had two owners.
  const owners = new Int32Array(new SharedArrayBuffer(4 * 65_536));
  const dead = new Int32Array(new SharedArrayBuffer(4 * 65_536));
  const counts = new Int32Array(new SharedArrayBuffer(8));
  let lastNumber = 0;
  for (let round = 0; round < rounds; round++) {
    const claimsBefore = Atomics.load(counts, 0);
    const threads = Array.from({ length: AT_ONCE }, () => {
      const number = ++lastNumber;
      const workerData: ClaimingThreadConfig = { number, owners, dead, counts };
      return { number, worker: new Worker(program, { workerData }) };
    });
    await Promise.all(threads.map(({ worker }) => once(worker, 'message')));
    await until('they claim', () => Atomics.load(counts, 0) > claimsBefore + 20);
    await sleep(Math.random() * 20);
    for (const { number, worker } of threads) {
      await worker.terminate();
      Atomics.store(dead, number, 1);
      Atomics.notify(dead, number);
    }
  }
  expect(Atomics.load(counts, 1)).toBe(0);
  const all = await TCPPortOwner.acquireMany(PORT_COUNT, { acquireTimeoutMs: 60_000 });
  expect(all.map(Number).toSorted((a, b) => a - b)).toEqual(block.ports);
  for (const owner of all) owner.cleanup();
  expect(pool.stats().currentlyAllocatedPorts).toBe(0);
  pool.close();
  delete process.env['PORTSLICE_POOL'];
});
