/** Whatever dies, its ports come back; nothing has to be cleaned up. */
import { describe, expect, test } from 'vitest';
import { parsePoolHandle, type PoolHandle } from '../../src/core/pool-handle.ts';
import { readCounts } from '../../src/core/segment-format.ts';
import { segmentOffsets } from '../../src/core/segment-layout.ts';
import { PortPool, PortPoolExhaustedError, portIsInUse, TCPPortOwner } from '../../src/index.ts';
import { platform } from '../../src/platform/platform.ts';
import { errorOf } from '../support/catch-error.ts';
import { listen } from '../support/listening-server.ts';
import { reservePorts } from '../support/port-block.ts';
import { startPortThread, startPortWorker } from '../support/port-worker.ts';
import { openTestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';

const WAIT = { acquireTimeoutMs: 10_000 };

function holderOfOurs(port: number): number | undefined {
  return PortPool.attach()
    .snapshot()
    .find((record) => record.port === port)?.processId;
}

describe('a process', () => {
  test('that is killed gives all its ports back', async () => {
    await using opened = await openTestPool(3);
    const worker = startPortWorker({ env: opened.env });
    expect(await worker.call('claimAll')).toHaveLength(3);
    await errorOf(PortPoolExhaustedError, () => new TCPPortOwner());
    await worker.kill();
    const owners = await TCPPortOwner.acquireMany(3, WAIT);
    expect(owners.map(Number).toSorted((a, b) => a - b)).toEqual(opened.ports);
    for (const owner of owners) {
      await using _server = await listen({ port: owner.port });
      owner.cleanup();
    }
  });

  test('that is killed counts no more, even before anybody needs its ports', async () => {
    await using opened = await openTestPool(3);
    const worker = startPortWorker({ env: opened.env });
    await worker.call('acquireMany', 2);
    expect(opened.pool.stats().currentlyAllocatedPorts).toBe(2);
    await worker.kill();
    await until('its ports are free', () => !opened.ports.some((port) => portIsInUse(port)));
    expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 0, peakAllocatedPorts: 2 });
  });

  test('that is killed with sealed ports gives them back too', async () => {
    await using opened = await openTestPool(1);
    const worker = startPortWorker({ env: opened.env });
    await worker.call('releaseSealed', await worker.call('claim'));
    expect(opened.pool.snapshot()).toMatchObject([{ state: 'sealed' }]);
    await worker.kill();
    using owner = await TCPPortOwner.acquire(WAIT);
    expect(opened.ports).toContain(owner.port);
  });

  test('that is killed leaves a server, whose port stays out of use until it stops', async () => {
    await using opened = await openTestPool(1);
    const worker = startPortWorker({ env: opened.env });
    const port = await worker.call('claim', { label: 'starts a server' });
    const serverPid = await worker.call('startServer', port);
    try {
      await worker.kill();
      const error = await errorOf(PortPoolExhaustedError, () =>
        TCPPortOwner.acquire({ acquireTimeoutMs: 100 }),
      );
      expect(error.facts).toMatchObject({ listenedOnByStrangers: 1, lockedByOtherRuns: 0, holders: [] });
      expect(portIsInUse(port)).toBe(true);
    } finally {
      process.kill(serverPid, 'SIGKILL');
    }
    using owner = await TCPPortOwner.acquire(WAIT);
    expect(owner.port).toBe(port);
  });

  test('that is killed gives its port to none but one, though somebody has forged the table of ports', async () => {
    await using block = await reservePorts(6);
    const [first] = block.ports as [number];
    const pool = PortPool.create({ ports: `${first}-${first + 2}` });
    const env = { PORTSLICE_POOL: pool.handle };
    const worker = startPortWorker({ env });
    await worker.call('claim');
    const { locator } = parsePoolHandle(pool.handle) as PoolHandle;
    const { buffer } = platform.openKernel().attachMemory(locator, pool.handle);
    const counts = readCounts(buffer);
    const table = new Uint16Array(buffer, segmentOffsets(counts).ranges, counts.rangeCount * 2);
    // What is left is a valid table, of ports that the pool does not have.
    table.forEach((port, place) => (table[place] = port + 1));
    await worker.kill();
    // Who has the pool open goes by the table as it was.
    const slice = pool.slice();
    const owners = [await slice.acquire(WAIT), await slice.acquire(WAIT), await slice.acquire(WAIT)];
    expect(new Set(owners.map(Number))).toEqual(new Set(block.ports.slice(0, 3)));
    await using newcomer = startPortWorker({ env });
    expect(block.ports.slice(3)).toContain(await newcomer.call('claim'));
    pool.close();
  });

  test('that waits for a dead one’s port gets it', async () => {
    await using opened = await openTestPool(1);
    const owner = startPortWorker({ env: opened.env });
    await using waiter = startPortWorker({ env: opened.env });
    const port = await owner.call('claim');
    const waiting = waiter.call('acquire', WAIT);
    await until('it waits', () => opened.pool.stats().waits === 1);
    await owner.kill();
    expect(await waiting).toBe(port);
    expect(holderOfOurs(port)).toBe(waiter.pid);
  });
});

describe('a thread', () => {
  test('that is terminated while it owns ports gives them back to its own process', async () => {
    await using opened = await openTestPool(3);
    const thread = await startPortThread({ env: opened.env });
    expect(await thread.call('claimAll')).toHaveLength(3);
    await thread.kill();
    const owners = await TCPPortOwner.acquireMany(3, WAIT);
    expect(owners.map(Number).toSorted((a, b) => a - b)).toEqual(opened.ports);
    for (const owner of owners) owner.cleanup();
  });

  test('that is terminated gives its ports back to another thread and to the synchronous constructor', async () => {
    await using opened = await openTestPool(2);
    const thread = await startPortThread({ env: opened.env });
    const [sealed, held] = await thread.call('acquireMany', 2);
    await thread.call('releaseSealed', sealed as number);
    await thread.kill();
    await using successor = await startPortThread({ env: opened.env });
    const ports = [await successor.call('claim'), await successor.call('claim')];
    expect(new Set(ports)).toEqual(new Set([sealed, held]));
  });

  test('that lives keeps its ports, however often others ask', async () => {
    await using opened = await openTestPool(2);
    await using thread = await startPortThread({ env: opened.env });
    const dead = await startPortThread({ env: opened.env });
    const kept = await thread.call('claim');
    const lost = await dead.call('claim');
    await dead.kill();
    using owner = await TCPPortOwner.acquire(WAIT);
    expect(owner.port).toBe(lost);
    await errorOf(PortPoolExhaustedError, () => TCPPortOwner.acquire({ acquireTimeoutMs: 100 }));
    await using stranger = startPortWorker({ env: { PORTSLICE_PORTS: String(kept) } });
    expect(await stranger.call('claimAll')).toEqual([]);
    await thread.call('release', kept);
  });

  test('that is terminated gives its ports back to another process once its own looks for one', async () => {
    await using opened = await openTestPool(1);
    await using waiter = startPortWorker({ env: opened.env });
    const thread = await startPortThread({ env: opened.env });
    const port = await thread.call('claim');
    await thread.kill();
    const waiting = waiter.call('acquire', WAIT);
    await until('it waits', () => opened.pool.stats().waits === 1);
    const ours = await TCPPortOwner.acquire(WAIT).catch(() => undefined);
    ours?.cleanup();
    expect(await waiting).toBe(port);
  });
});
