/** What the segment tells about the whole run. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { portAllocationStats, TCPPortOwner } from '../../src/index.ts';
import { listen } from '../support/listening-server.ts';
import { startPortWorker } from '../support/port-worker.ts';
import { openTestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';
import { collectWarnings } from '../support/warnings.ts';

const NOTHING_YET = {
  peakAllocatedPorts: 0,
  lifetimeTotalAllocatedPorts: 0,
  currentlyAllocatedPorts: 0,
  borrowedPorts: 0,
  waits: 0,
  leaks: 0,
};

describe('the statistics', () => {
  test('of a new pool count its ports and nothing else', async () => {
    await using opened = await openTestPool(7);
    expect(opened.pool.stats()).toEqual({ totalServerPorts: 7, ...NOTHING_YET });
    expect(portAllocationStats()).toEqual(opened.pool.stats());
  });

  test('are of all processes together, and the same in each', async () => {
    await using opened = await openTestPool(7);
    await using worker = startPortWorker({ env: opened.env });
    using ours = new TCPPortOwner();
    const theirs = await worker.call('acquireMany', 3);
    await worker.call('release', theirs[0] as number);
    expect(opened.pool.stats()).toEqual({
      ...NOTHING_YET,
      totalServerPorts: 7,
      peakAllocatedPorts: 4,
      lifetimeTotalAllocatedPorts: 4,
      currentlyAllocatedPorts: 3,
    });
    expect(await worker.call('stats')).toEqual(opened.pool.stats());
    ours.cleanup();
    new TCPPortOwner().cleanup();
    expect(opened.pool.stats()).toMatchObject({
      peakAllocatedPorts: 4,
      lifetimeTotalAllocatedPorts: 5,
      currentlyAllocatedPorts: 2,
    });
  });

  test('count what was borrowed, waited for and leaked', async () => {
    await using opened = await openTestPool(2, { workers: 1 });
    using _warnings = collectWarnings();
    const slice = opened.pool.slice(1);
    const owners = [await slice.acquire(), await slice.acquire()];
    expect(opened.pool.stats().borrowedPorts).toBe(2 - slice.portCount);
    const waiting = slice.acquire();
    await until('it waits', () => opened.pool.stats().waits === 1);
    owners[0]?.cleanup();
    const third = await waiting;
    await using _server = await listen({ port: third.port });
    third.cleanup();
    owners[1]?.cleanup();
    expect(opened.pool.stats()).toMatchObject({ waits: 1, leaks: 1, currentlyAllocatedPorts: 0 });
  });

  test('do not count ports that a failed claim of several took and gave back', async () => {
    await using opened = await openTestPool(3);
    using _blocker = new TCPPortOwner();
    await TCPPortOwner.acquireMany(3, { acquireTimeoutMs: 0 }).catch(() => []);
    expect(opened.pool.stats()).toMatchObject({ lifetimeTotalAllocatedPorts: 1, peakAllocatedPorts: 1 });
    const others = opened.pool.snapshot().filter(({ state }) => state === 'free');
    const untouched = { claimCount: 0, heldMs: 0, releasedAtMs: undefined };
    expect(others).toMatchObject([untouched, untouched]);
    const owners = await TCPPortOwner.acquireMany(2);
    expect(opened.pool.stats()).toMatchObject({ lifetimeTotalAllocatedPorts: 3, peakAllocatedPorts: 3 });
    for (const owner of owners) owner.cleanup();
  });

  test('of a process without a run are those of its private pool', async () => {
    await using block = await openTestPool(5);
    await using worker = startPortWorker({ env: { PORTSLICE_PORTS: block.spec } });
    await worker.call('claim');
    expect(await worker.call('stats')).toMatchObject({ totalServerPorts: 5, currentlyAllocatedPorts: 1 });
    expect(block.pool.stats().currentlyAllocatedPorts).toBe(0);
  });
});

describe('the end of the pool', () => {
  test('leaves the statistics as they were, and asking for them makes no other pool', async () => {
    const opened = await openTestPool(3);
    new TCPPortOwner().cleanup();
    using _held = new TCPPortOwner();
    const last = opened.pool.stats();
    await opened[Symbol.asyncDispose]();
    expect(portAllocationStats()).toEqual({ ...last, currentlyAllocatedPorts: 0 });
    expect(readFileSync('/proc/net/unix', 'latin1')).not.toContain(`@portslice/pool/${process.pid}/`);
  });
});

describe('the snapshot', () => {
  test('has a record of each port that was claimed, with its last claim', async () => {
    await using opened = await openTestPool(5, { workers: 1 });
    expect(opened.pool.snapshot()).toEqual([]);
    const beforeMs = Date.now();
    await using worker = startPortWorker({ env: opened.env });
    const port = await worker.call('acquireFromSlice', 1, { label: 'Zahlung – 支払い' });
    const record = opened.pool.snapshot()[0];
    expect(record).toEqual({
      port,
      state: 'held',
      label: 'Zahlung – 支払い',
      processId: worker.pid,
      threadId: worker.pid,
      slice: 1,
      claimedAtMs: expect.any(Number) as number,
      releasedAtMs: undefined,
      claimCount: 1,
      heldMs: 0,
    });
    const claimedAtMs = record?.claimedAtMs ?? Number.NaN;
    expect(claimedAtMs).toBeGreaterThanOrEqual(beforeMs - 5);
    expect(claimedAtMs).toBeLessThanOrEqual(Date.now() + 5);
    await worker.call('release', port);
    const released = opened.pool.snapshot()[0];
    expect(released).toMatchObject({ state: 'free', label: 'Zahlung – 支払い', claimCount: 1, claimedAtMs });
    expect(released?.heldMs).toBe((released?.releasedAtMs ?? Number.NaN) - claimedAtMs);
  });

  test('is in the order of the pool and adds up the claims of a port', async () => {
    await using opened = await openTestPool(3);
    for (let count = 0; count < 9; count++) new TCPPortOwner({ label: String(count) }).cleanup();
    const records = opened.pool.snapshot();
    expect(records.map(({ port }) => port)).toEqual(opened.pool.ports);
    expect(records.map(({ claimCount }) => claimCount).reduce((sum, count) => sum + count)).toBe(9);
    expect(records.map(({ processId }) => processId)).toEqual([process.pid, process.pid, process.pid]);
  });
});
