/** Claims of ports that belong together: in a row, or at given distances. */
import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import {
  InvalidOptionError,
  PortPool,
  PortPoolExhaustedError,
  type PortPoolOptions,
  PortTakenError,
  TCPPortOwner,
} from '../../src/index.ts';
import { errorOf } from '../support/catch-error.ts';
import { listen } from '../support/listening-server.ts';
import { releaseSealed } from '../support/pool-internals.ts';
import { reservePorts } from '../support/port-block.ts';
import { startPortWorker } from '../support/port-worker.ts';
import { openTestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';

const AT_ONCE = { acquireTimeoutMs: 0 };

function portsOf(owners: readonly TCPPortOwner[]): number[] {
  return owners.map(({ port }) => port);
}

function isRow(ports: readonly number[]): boolean {
  return ports.every((port, place) => port === (ports[0] as number) + place);
}

/** A run's pool of those ports of a block that nobody else has, by their places. */
async function openPoolOf(
  places: readonly number[],
  workers = 0,
): Promise<AsyncDisposable & { at: number[] }> {
  const block = await reservePorts(40);
  const ports = places.map((place) => block.ports[place] as number);
  const pool = PortPool.create({ ports: ports.join(), workers });
  process.env['PORTSLICE_POOL'] = pool.handle;
  return {
    at: [...block.ports],
    [Symbol.asyncDispose]: async () => {
      pool.close();
      delete process.env['PORTSLICE_POOL'];
      await block[Symbol.asyncDispose]();
    },
  };
}

/** Where a block has so many ports in a row, from one of its places on. */
async function openRow(portCount: number): Promise<{ ports: number[] } & AsyncDisposable> {
  for (;;) {
    const block = await reservePorts(40);
    const start = block.ports.findIndex((_, place) => {
      const ports = block.ports.slice(place, place + portCount);
      return ports.length === portCount && isRow(ports);
    });
    if (start >= 0)
      return {
        ports: block.ports.slice(start, start + portCount),
        [Symbol.asyncDispose]: block[Symbol.asyncDispose],
      };
    await block[Symbol.asyncDispose]();
  }
}

async function openRowPool(
  portCount: number,
  options: { workers?: number; without?: readonly number[]; restMs?: number } = {},
): Promise<{ ports: number[]; pool: PortPool; env: Record<string, string> } & AsyncDisposable> {
  const { without = [], ...poolOptions } = options;
  const row = await openRow(portCount);
  const ports = row.ports.filter((_, place) => !without.includes(place));
  const pool = PortPool.create({ ...poolOptions, ports: ports.join() });
  process.env['PORTSLICE_POOL'] = pool.handle;
  return {
    ports: row.ports,
    pool,
    env: { PORTSLICE_POOL: pool.handle },
    [Symbol.asyncDispose]: async () => {
      pool.close();
      delete process.env['PORTSLICE_POOL'];
      await row[Symbol.asyncDispose]();
    },
  };
}

/** For this process. Of ports above 9999, others can have some. */
function publishPool(options: PortPoolOptions): Disposable {
  const pool = PortPool.create(options);
  process.env['PORTSLICE_POOL'] = pool.handle;
  return {
    [Symbol.dispose]: () => {
      pool.close();
      delete process.env['PORTSLICE_POOL'];
    },
  };
}

describe('consecutive ports', () => {
  test('come in a row, ascending, and are as much the owner’s as any', async () => {
    await using opened = await openRowPool(12, { workers: 3 });
    const owners = await TCPPortOwner.acquireMany(5, { consecutive: true, label: 'a row' });
    expect(isRow(portsOf(owners))).toBe(true);
    expect(opened.pool.snapshot().map(({ label, state }) => `${label}: ${state}`)).toEqual(
      Array(5).fill('a row: held'),
    );
    // Wherever the first five lie, they leave a row of three.
    const next = await TCPPortOwner.acquireMany(3, { consecutive: true });
    expect(isRow(portsOf(next))).toBe(true);
    expect(new Set([...portsOf(owners), ...portsOf(next)]).size).toBe(8);
    for (const owner of [...owners, ...next]) owner.cleanup();
    expect(opened.pool.stats().currentlyAllocatedPorts).toBe(0);
  });

  test('can be all that the pool has, across its slices and around the end of its order', async () => {
    await using opened = await openRowPool(20, { workers: 6 });
    for (let round = 0; round < 3; round++) {
      const owners = await TCPPortOwner.acquireMany(20, { consecutive: true });
      expect(portsOf(owners)).toEqual(opened.ports);
      for (const owner of owners) owner.cleanup();
    }
  });

  test('pass over the gaps of the pool, and over single ports that are taken', async () => {
    await using opened = await openRowPool(12, { without: [4] });
    using _taken = new TCPPortOwner({ port: opened.ports[7] as number });
    const owners = await TCPPortOwner.acquireMany(4, { consecutive: true });
    const rows = [opened.ports.slice(0, 4), opened.ports.slice(8, 12)];
    expect(rows).toContainEqual(portsOf(owners));
    const second = await TCPPortOwner.acquireMany(4, { consecutive: true });
    expect(rows).toContainEqual(portsOf(second));
    expect(portsOf(second)).not.toEqual(portsOf(owners));
  });

  test.for([0, 2])(
    'leave ports below 10000 to people’s own servers while others fit, with %i workers',
    async (workers) => {
      await using row = await openRow(10);
      using _published = publishPool({ ports: `${row.ports.join()},15000-15199`, workers });
      for (const options of [{ consecutive: true }, { offsets: [0, 3] }, { offsets: [0, -3] }]) {
        const owners = await TCPPortOwner.acquireMany(2, options);
        expect(Math.min(...portsOf(owners))).toBeGreaterThan(9999);
      }
    },
  );

  test('are ports below 10000 where no others fit', async () => {
    await using row = await openRow(3);
    const apart = Array.from({ length: 20 }, (_, place) => 15_000 + 2 * place);
    using _published = publishPool({ ports: [...row.ports, ...apart].join() });
    expect(portsOf(await TCPPortOwner.acquireMany(3, { consecutive: true }))).toEqual(row.ports);
  });

  test('leave nothing taken where one of them is not free: it is exhausted, and says what was wanted', async () => {
    await using opened = await openRowPool(5);
    using _middle = new TCPPortOwner({ port: opened.ports[2] as number });
    const error = await errorOf(PortPoolExhaustedError, () =>
      TCPPortOwner.acquireMany(3, { consecutive: true, ...AT_ONCE }),
    );
    expect(error.message).toMatch(/^No 3 consecutive ports are free in the pool of 5 /);
    expect(error.facts.wantedOffsets).toEqual([0, 1, 2]);
    expect(opened.pool.stats().currentlyAllocatedPorts).toBe(1);
    const others = await TCPPortOwner.acquireMany(4);
    expect(others).toHaveLength(4);
  });

  test('are waited for until the last one is free', async () => {
    await using opened = await openRowPool(3);
    const middle = new TCPPortOwner({ port: opened.ports[1] as number });
    const waiting = TCPPortOwner.acquireMany(3, { consecutive: true });
    await until('it waits', () => opened.pool.stats().waits === 1);
    middle.cleanup();
    expect(portsOf(await waiting)).toEqual(opened.ports);
  });

  test('that the pool has nowhere are refused at once', async () => {
    await using opened = await openRowPool(9, { without: [4] });
    const error = await errorOf(InvalidOptionError, () => TCPPortOwner.acquireMany(5, { consecutive: true }));
    expect(error.message).toMatch(
      /^consecutive asks for 5 ports in a row, which the server ports of the run have nowhere; expected fewer/,
    );
    const excludedPorts = [opened.ports[1] as number, opened.ports[6] as number];
    const excluded = TCPPortOwner.acquireMany(3, { consecutive: true, excludedPorts });
    await expect(excluded).rejects.toMatchObject({ option: 'consecutive' });
    const fewer = await TCPPortOwner.acquireMany(2, { consecutive: true, excludedPorts });
    expect([opened.ports.slice(2, 4), opened.ports.slice(7, 9)]).toContainEqual(portsOf(fewer));
  });

  test('are those from `port` on, or none', async () => {
    await using opened = await openRowPool(8, { workers: 2, without: [7] });
    const [first, , third, , , , , gap] = opened.ports as [number, number, number, ...number[]];
    const owners = await TCPPortOwner.acquireMany(3, { consecutive: true, port: third });
    expect(portsOf(owners)).toEqual([third, third + 1, third + 2]);
    const taken = await errorOf(PortTakenError, () =>
      TCPPortOwner.acquireMany(3, { consecutive: true, port: first, ...AT_ONCE }),
    );
    expect(taken).toMatchObject({ port: third, holder: { processId: process.pid } });
    const none = await errorOf(PortTakenError, () =>
      TCPPortOwner.acquireMany(3, { consecutive: true, port: first + 5 }),
    );
    expect(none.message).toContain(`Port ${gap} is no server port of this run`);
    const outside = TCPPortOwner.acquireMany(3, { consecutive: true, port: 65_534 });
    await expect(outside).rejects.toMatchObject({
      option: 'port',
      message: expect.stringContaining('would be 65536') as unknown,
    });
    expect(opened.pool.stats().currentlyAllocatedPorts).toBe(3);
  });

  test('prefer the starts that are named, in their order', async () => {
    await using opened = await openRowPool(9);
    const [, second, third] = opened.ports as [number, number, number];
    using _taken = new TCPPortOwner({ port: second });
    const preferredPorts = [second, 80, third];
    const owners = await TCPPortOwner.acquireMany(2, { consecutive: true, preferredPorts });
    expect(portsOf(owners)).toEqual([third, third + 1]);
    const others = await TCPPortOwner.acquireMany(2, { consecutive: true, preferredPorts });
    expect(isRow(portsOf(others))).toBe(true);
  });

  test('are taken from those that have rested while there are such, then from the others', async () => {
    await using opened = await openRowPool(6, { restMs: 60_000 });
    const given: number[] = [];
    // Wherever the first two lie, they leave another two.
    for (let round = 0; round < 2; round++) {
      const owners = await TCPPortOwner.acquireMany(2, { consecutive: true });
      given.push(...portsOf(owners));
      for (const owner of owners) owner.cleanup();
    }
    expect(new Set(given).size).toBe(4);
    expect(portsOf(await TCPPortOwner.acquireMany(6, { consecutive: true }))).toEqual(opened.ports);
  });

  test('are had over what earlier servers have left, and not over a server', async () => {
    await using opened = await openRowPool(3);
    const middle = opened.ports[1] as number;
    const server = net.createServer((socket) => socket.end('bye')).listen(middle);
    await once(server, 'listening');
    const client = net.connect(middle, '127.0.0.1').resume();
    await once(client, 'close');
    const refused = TCPPortOwner.acquireMany(3, { consecutive: true, ...AT_ONCE });
    await expect(refused).rejects.toMatchObject({ facts: { listenedOnByStrangers: 1 } });
    server.close();
    await once(server, 'close');
    expect(portsOf(await TCPPortOwner.acquireMany(3, { consecutive: true }))).toEqual(opened.ports);
  });

  test('are had over seals of this thread, and from a killed worker', async () => {
    await using opened = await openRowPool(3);
    const [first, second] = opened.ports as [number, number];
    releaseSealed(new TCPPortOwner({ port: first }));
    const worker = startPortWorker({ env: opened.env });
    await worker.call('claim', { port: second });
    await worker.kill();
    const owners = await TCPPortOwner.acquireMany(3, { consecutive: true });
    expect(portsOf(owners)).toEqual(opened.ports);
  });

  test('are free for servers, each of them', async () => {
    await using _opened = await openRowPool(6);
    const owners = await TCPPortOwner.acquireMany(3, { consecutive: true });
    await using stack = new AsyncDisposableStack();
    for (const { port } of owners) stack.use(await listen({ port }));
    expect(owners).toHaveLength(3);
  });

  test('are never two processes’, and several that want them all finish, where only two rows fit', async () => {
    await using opened = await openRowPool(9, { workers: 4 });
    await using stack = new AsyncDisposableStack();
    const workers = Array.from({ length: 4 }, () => stack.use(startPortWorker({ env: opened.env })));
    const held = new Set<number>();
    const runTests = async (worker: (typeof workers)[number]): Promise<void> => {
      for (let round = 0; round < 15; round++) {
        const options = { consecutive: true, acquireTimeoutMs: 50_000 };
        const ports = await worker.call('acquireMany', 3 + (round % 2), options);
        expect(isRow(ports)).toBe(true);
        expect(ports.filter((port) => held.has(port))).toEqual([]);
        for (const port of ports) held.add(port);
        for (const port of ports) {
          held.delete(port);
          await worker.call('release', port);
        }
      }
    };
    await Promise.all(workers.map(runTests));
    expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 0, leaks: 0 });
  });
});

describe('ports at offsets', () => {
  test('lie at these distances from one base port, in the order in which they were asked for', async () => {
    await using opened = await openPoolOf([0, 1, 2, 22, 30]);
    const [base, upper] = [opened.at[2] as number, opened.at[22] as number];
    const owners = await TCPPortOwner.acquireMany(2, { offsets: [upper - base, 0] });
    expect(portsOf(owners)).toEqual([upper, base]);
  });

  test('can lie on both sides of the base port', async () => {
    await using opened = await openRowPool(3);
    const owners = await TCPPortOwner.acquireMany(2, { offsets: [1, -1], port: opened.ports[1] as number });
    expect(portsOf(owners)).toEqual([opened.ports[2], opened.ports[0]]);
  });

  test('are all or none', async () => {
    await using opened = await openPoolOf([0, 20]);
    const distance = (opened.at[20] as number) - (opened.at[0] as number);
    using _upper = new TCPPortOwner({ port: opened.at[20] as number });
    const error = await errorOf(PortPoolExhaustedError, () =>
      TCPPortOwner.acquireMany(2, { offsets: [0, distance], ...AT_ONCE }),
    );
    expect(error.message).toContain(`No 2 ports at the offsets 0, ${distance} are free in the pool of 2`);
    using lower = new TCPPortOwner();
    expect(lower.port).toBe(opened.at[0]);
  });

  test.each<[number, Record<string, unknown>, string]>([
    [2, { offsets: [0] }, 'offsets'],
    [2, { offsets: [0, 0] }, 'offsets'],
    [2, { offsets: [0, 0.5] }, 'offsets'],
    [2, { offsets: [0, 65_535] }, 'offsets'],
    [2, { offsets: '01' }, 'offsets'],
    [2, { offsets: [0, 10_000] }, 'offsets'],
    [2, { offsets: [0, 1], consecutive: true }, 'consecutive'],
    [2, { consecutive: 'yes' }, 'consecutive'],
    [2, { consecutive: false, port: 3000 }, 'port'],
    [0, { consecutive: true }, 'count'],
    [3, { consecutive: true, port: 2000, preferredPorts: [2001] }, 'port'],
  ])('%i with %j is an invalid option', async (count, options, option) => {
    await using _opened = await openTestPool(4);
    const error = await errorOf(InvalidOptionError, () => TCPPortOwner.acquireMany(count, options));
    expect(error.option).toBe(option);
  });
});
