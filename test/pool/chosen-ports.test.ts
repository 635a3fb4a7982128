/** Claims that say which port they want: exactly one, preferred ones, or not these. */
import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  InvalidOptionError,
  PortPool,
  PortPoolExhaustedError,
  PortTakenError,
  TCPPortOwner,
} from '../../src/index.ts';
import { errorOf } from '../support/catch-error.ts';
import { listen } from '../support/listening-server.ts';
import { releaseSealed } from '../support/pool-internals.ts';
import { startPortThread, startPortWorker } from '../support/port-worker.ts';
import { openTestPool } from '../support/test-pool.ts';

describe('an exact port', () => {
  test('is claimed wherever it lies in the pool, rested or not', async () => {
    await using opened = await openTestPool(20, { workers: 3 });
    for (const port of [...opened.ports, ...opened.ports]) {
      using owner = new TCPPortOwner({ port });
      expect(owner.port).toBe(port);
    }
  });

  test('that another owner of this thread has is refused with its label, and stays his', async () => {
    await using _opened = await openTestPool(2);
    using owner = new TCPPortOwner({ label: 'pays by card' });
    const error = await errorOf(PortTakenError, () => new TCPPortOwner({ port: owner.port }));
    expect(error).toMatchObject({ code: 'PORTSLICE_PORT_TAKEN', port: owner.port });
    expect(error.message).toContain(`pid ${process.pid}`);
    expect(error.message).toContain("'pays by card'");
  });

  test('that another run has is refused with its process and label', async () => {
    await using opened = await openTestPool(2);
    const [port] = opened.ports as [number];
    await using other = startPortWorker({ env: { PORTSLICE_PORTS: opened.spec } });
    const taken = await other.call('claim', { port, label: 'the other checkout' });
    expect(taken).toBe(port);
    const error = await errorOf(PortTakenError, () => new TCPPortOwner({ port }));
    expect(error.message).toContain(`pid ${other.pid}`);
    expect(error.message).toContain("'the other checkout'");
  });

  test('on which a stranger listens is refused with his process', async () => {
    await using opened = await openTestPool(1);
    const [port] = opened.ports as [number];
    await using _server = await listen({ port });
    const error = await errorOf(PortTakenError, () => new TCPPortOwner({ port }));
    expect(error.message).toContain(`pid ${process.pid}`);
  });

  test('is waited for by acquire', async () => {
    await using opened = await openTestPool(2);
    const [port] = opened.ports as [number];
    const owner = new TCPPortOwner({ port });
    const waiting = TCPPortOwner.acquire({ port });
    await expect.poll(() => opened.pool.stats().waits).toBe(1);
    owner.cleanup();
    using second = await waiting;
    expect(second.port).toBe(port);
  });

  test('that acquire waits for in vain is refused, not called exhausted', async () => {
    await using _opened = await openTestPool(2);
    using owner = new TCPPortOwner();
    await expect(TCPPortOwner.acquire({ port: owner.port, acquireTimeoutMs: 1 })).rejects.toBeInstanceOf(
      PortTakenError,
    );
  });

  test('that this thread has sealed is given', async () => {
    await using opened = await openTestPool(2);
    const [port] = opened.ports as [number];
    const first = new TCPPortOwner({ port });
    releaseSealed(first);
    using second = new TCPPortOwner({ port });
    expect(second.port).toBe(port);
  });

  test('that another worker has sealed is given to one who waits', async () => {
    await using opened = await openTestPool(2);
    const [port] = opened.ports as [number];
    await using worker = startPortWorker({ env: opened.env });
    await worker.call('claim', { port });
    await worker.call('releaseSealed', port);
    using owner = await TCPPortOwner.acquire({ port });
    expect(owner.port).toBe(port);
  });

  test('of a killed worker is given at once', async () => {
    await using opened = await openTestPool(2);
    const [port] = opened.ports as [number];
    const worker = startPortWorker({ env: opened.env });
    await worker.call('claim', { port });
    await worker.kill();
    using owner = new TCPPortOwner({ port });
    expect(owner.port).toBe(port);
  });

  test('over which an earlier server has left connections in TIME_WAIT is given at once', async () => {
    await using opened = await openTestPool(1);
    const [port] = opened.ports as [number];
    {
      using owner = new TCPPortOwner({ port });
      const server = net.createServer((socket) => socket.end('bye')).listen(owner.port);
      await once(server, 'listening');
      const client = net.connect(owner.port, '127.0.0.1').resume();
      await once(client, 'close');
      server.close();
      await once(server, 'close');
    }
    using again = new TCPPortOwner({ port });
    expect(again.port).toBe(port);
  });

  test.each([
    [6000, /browsers refuse/],
    [80, /privileges/],
    [1, /privileges/],
  ])('%i, which is no server port, is refused with the reason', async (port, reason) => {
    await using _opened = await openTestPool(1);
    const error = await errorOf(PortTakenError, () => new TCPPortOwner({ port }));
    expect(error.message).toMatch(/is no server port of this run/);
    expect(error.message).toMatch(reason);
  });

  test('that the spec of the run does not name is refused', async () => {
    await using opened = await openTestPool(1);
    const outside = opened.ports.includes(21_000) ? 21_100 : 21_000;
    const error = await errorOf(PortTakenError, () => new TCPPortOwner({ port: outside }));
    expect(error.message).toMatch(/the run's server ports do not have it/);
  });

  test.each<[Record<string, unknown>, string]>([
    [{ port: 0 }, 'port'],
    [{ port: 65_536 }, 'port'],
    [{ port: '3000' }, 'port'],
    [{ port: 3000, preferredPorts: [3001] }, 'port'],
    [{ port: 3000, excludedPorts: [3001] }, 'port'],
    [{ preferredPorts: [0] }, 'preferredPorts'],
    [{ preferredPorts: 3000 }, 'preferredPorts'],
    [{ excludedPorts: '3000' }, 'excludedPorts'],
    [{ excludedPorts: [1.5] }, 'excludedPorts'],
  ])('with %j is an invalid option', async (options, option) => {
    await using _opened = await openTestPool(1);
    const error = await errorOf(InvalidOptionError, () => new TCPPortOwner(options));
    expect(error.option).toBe(option);
  });

  test('cannot be several, unless it is said where the others are', async () => {
    await using opened = await openTestPool(3);
    const [port] = opened.ports as [number];
    const error = await errorOf(InvalidOptionError, () => TCPPortOwner.acquireMany(2, { port }));
    expect(error).toMatchObject({ option: 'port', value: port });
    expect(error.message).toBe(
      `port is one port, ${port}, where 2 are asked for; expected consecutive: true or offsets beside it, ` +
        'which say where the others are, or preferredPorts.',
    );
  });
});

describe('preferred ports', () => {
  test('are given in their order, then any other', async () => {
    await using opened = await openTestPool(6, { workers: 2 });
    const preferredPorts = [opened.ports[4], 6000, opened.ports[2]] as number[];
    const owners = [0, 1, 2].map(() => new TCPPortOwner({ preferredPorts }));
    expect(owners.slice(0, 2).map((owner) => owner.port)).toEqual([opened.ports[4], opened.ports[2]]);
    expect(opened.ports).toContain(owners[2]?.port);
  });

  test('leave seals alone, of this thread and of others, while other ports are free', async () => {
    await using opened = await openTestPool(6);
    const [first, second] = opened.ports as [number, number];
    releaseSealed(new TCPPortOwner({ port: first }));
    await using worker = startPortWorker({ env: opened.env });
    await worker.call('claim', { port: second });
    await worker.call('releaseSealed', second);
    const owners = await TCPPortOwner.acquireMany(4, { preferredPorts: [first, second] });
    expect(new Set(owners.map(Number))).toEqual(new Set(opened.ports.slice(2)));
    const sealed = opened.pool.snapshot().filter(({ state }) => state === 'sealed');
    expect(new Set(sealed.map(({ port }) => port))).toEqual(new Set([first, second]));
  });

  test('that are excluded are not given', async () => {
    await using opened = await openTestPool(2);
    const [first, second] = opened.ports as [number, number];
    using owner = new TCPPortOwner({ preferredPorts: [first], excludedPorts: [first] });
    expect(owner.port).toBe(second);
  });

  test.each(['port', 'preferredPorts'])(
    'and exact ones (%s) are had from a terminated thread at once',
    async (option) => {
      await using opened = await openTestPool(3);
      const [port] = opened.ports as [number];
      const thread = await startPortThread();
      await thread.call('claim', { port });
      await thread.kill();
      using owner = await TCPPortOwner.acquire({ [option]: option === 'port' ? port : [port] });
      expect(owner.port).toBe(port);
    },
  );

  test('are given to several at once', async () => {
    await using opened = await openTestPool(6);
    const preferredPorts = new Set(opened.ports.slice(3));
    const owners = await TCPPortOwner.acquireMany(3, { preferredPorts });
    expect(owners.map((owner) => owner.port)).toEqual(opened.ports.slice(3));
  });
});

describe('excluded ports', () => {
  test('are never given, however scarce ports are', async () => {
    await using opened = await openTestPool(4, { restMs: 0 });
    const excludedPorts = opened.ports.slice(1);
    for (let round = 0; round < 3; round++) {
      using owner = new TCPPortOwner({ excludedPorts });
      expect(owner.port).toBe(opened.ports[0]);
      const error = await errorOf(PortPoolExhaustedError, () => new TCPPortOwner({ excludedPorts }));
      expect(error.facts.poolPortCount).toBe(4);
    }
    // Nor are they lost to others.
    const owners = await TCPPortOwner.acquireMany(4);
    expect(new Set(owners.map(Number))).toEqual(new Set(opened.ports));
  });

  test('keep their place: who does not exclude them gets them before those that have not rested', async () => {
    await using opened = await openTestPool(3, { restMs: 60_000 });
    const excludedPorts = opened.pool.ports.slice(0, 2);
    new TCPPortOwner({ excludedPorts }).cleanup();
    using next = new TCPPortOwner();
    expect(excludedPorts).toContain(next.port);
    using last = new TCPPortOwner();
    expect(excludedPorts).toContain(last.port);
  });

  test('that leave fewer ports than are wanted are refused at once', async () => {
    await using opened = await openTestPool(3);
    const several = TCPPortOwner.acquireMany(2, { excludedPorts: opened.ports.slice(1) });
    await expect(several).rejects.toMatchObject({ code: 'PORTSLICE_INVALID_OPTION', option: 'count' });
  });

  test('of a killed worker are not given either', async () => {
    await using opened = await openTestPool(2);
    const [first, second] = opened.ports as [number, number];
    const worker = startPortWorker({ env: opened.env });
    await worker.call('claim', { port: first });
    await worker.kill();
    using _other = new TCPPortOwner({ port: second });
    const error = await errorOf(PortPoolExhaustedError, () => new TCPPortOwner({ excludedPorts: [first] }));
    expect(new Set(error.facts.holders.map(({ port }) => port))).toEqual(new Set([first, second]));
  });
});

function hostOf(options: object): string | undefined {
  return new TCPPortOwner(options).host;
}

test('owner.host is where a server has to listen, so that listen(owner) listens on the hosts', async () => {
  await using opened = await openTestPool(8);
  expect(hostOf({})).toBeUndefined();
  expect(hostOf({ hosts: ['127.0.0.1'] })).toBe('127.0.0.1');
  expect(hostOf({ hosts: ['localhost'] })).toBe('localhost');
  // The system's resolver need not know it.
  expect(hostOf({ hosts: ['app.localhost'] })).toBe('localhost');
  expect(hostOf({ socketAddressFamily: 'ipv4' })).toBe('0.0.0.0');
  expect(hostOf({ socketAddressFamily: 'ipv6' })).toBe('::');
  expect(opened.pool.stats().currentlyAllocatedPorts).toBe(6);
  // In whatever order.
  expect(hostOf({ hosts: ['localhost', ''] })).toBeUndefined();
  for (const [host, address] of [
    ['127.0.0.1', /^127\.0\.0\.1$/],
    ['app.localhost', /^(?:127\.0\.0\.1|::1)$/],
  ] as const) {
    using owner = new TCPPortOwner({ hosts: [host] });
    const server = net.createServer().listen(owner);
    await once(server, 'listening');
    const found = server.address() as net.AddressInfo;
    expect(found.address).toMatch(address);
    expect(found.port).toBe(owner.port);
    server.close();
    await once(server, 'close');
  }
});

test('a literal count gives a tuple, any other number an array', () => {
  const acquireMany = TCPPortOwner.acquireMany.bind(TCPPortOwner);
  type Given<Count extends number> = Awaited<ReturnType<typeof acquireMany<Count>>>;
  expectTypeOf<Given<1>>().toEqualTypeOf<[TCPPortOwner]>();
  expectTypeOf<Given<3>>().toEqualTypeOf<[TCPPortOwner, TCPPortOwner, TCPPortOwner]>();
  expectTypeOf<Given<99>['length']>().toEqualTypeOf<99>();
  expectTypeOf<Given<100>>().toEqualTypeOf<TCPPortOwner[]>();
  expectTypeOf<Given<-1>>().toEqualTypeOf<TCPPortOwner[]>();
  expectTypeOf<Given<1.5>>().toEqualTypeOf<TCPPortOwner[]>();
  expectTypeOf<Given<number>>().toEqualTypeOf<TCPPortOwner[]>();
  expect(PortPool).toBeTypeOf('function');
});
