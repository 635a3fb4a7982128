/**
 * What get-port's own tests say of it, asked of get-port and of what takes its place, side by side; and where the two differ.
 * Here no test of a runner's plugin runs, so the ports are the process's.
 */
import { once } from 'node:events';
import net from 'node:net';
import * as theirs from 'get-port';
import { afterEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import * as ours from '../src/get-port.ts';
import * as main from '../src/index.ts';
import { InvalidOptionError, portIsInUse, PortPoolExhaustedError } from '../src/index.ts';
import { errorOf } from './support/catch-error.ts';
import { listen } from './support/listening-server.ts';
import { openTestPool, type TestPool } from './support/test-pool.ts';

afterEach(() => {
  vi.useRealTimers();
  theirs.clearLockedPorts();
});

async function bind(port: number, host?: string): Promise<AsyncDisposable & { port: number }> {
  const server = net.createServer().listen({ port, host });
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.close();
    await once(server, 'close');
  };
  return { port: (server.address() as net.AddressInfo).port, [Symbol.asyncDispose]: close };
}

/** Three that follow each other, and some more. */
async function openPorts(): Promise<TestPool & { row: [number, number, number]; others: number[] }> {
  const opened = await openTestPool(40);
  const start = opened.ports.findIndex((port, place) => opened.ports[place + 2] === port + 2);
  const row = opened.ports.slice(start, start + 3) as [number, number, number];
  return { ...opened, row, others: opened.ports.filter((port) => !row.includes(port)) };
}

describe.each([
  ['get-port', theirs],
  ['portslice/get-port', ours],
])('%s', (_name, { default: getPort, portNumbers, clearLockedPorts }) => {
  test('gives a port that can be bound', async () => {
    await using _opened = await openPorts();
    const port = await getPort();
    expect(port).toBeGreaterThan(0);
    await using server = await bind(port);
    expect(server.port).toBe(port);
  });

  test('gives the preferred port', async () => {
    await using opened = await openPorts();
    const [port] = opened.others as [number];
    expect(await getPort({ port })).toBe(port);
  });

  test('gives another one if the preferred port is not available', async () => {
    await using opened = await openPorts();
    await using server = await bind(opened.others[0] as number);
    const port = await getPort({ port: server.port });
    expect(port).toBeGreaterThan(0);
    expect(port).not.toBe(server.port);
  });

  test.skipIf(process.getuid?.() === 0 && _name === 'get-port')(
    'gives another one if the preferred port needs privileges',
    async () => {
      await using _opened = await openPorts();
      const port = await getPort({ host: '127.0.0.1', port: 80 });
      expect(port).toBeGreaterThan(0);
      expect(port).not.toBe(80);
    },
  );

  test('gives a port that can be bound on the host', async () => {
    await using _opened = await openPorts();
    const port = await getPort({ host: '0.0.0.0' });
    await using server = await bind(port, '0.0.0.0');
    expect(server.port).toBe(port);
  });

  test('gives the preferred port for a host', async () => {
    await using opened = await openPorts();
    const [port] = opened.others as [number];
    expect(await getPort({ port, host: '0.0.0.0' })).toBe(port);
  });

  test('gives the first of several preferred ports', async () => {
    await using opened = await openPorts();
    const port = opened.others.slice(2, 5);
    expect(await getPort({ port, host: '0.0.0.0' })).toBe(port[0]);
  });

  test('gives the second if the first of them is not available', async () => {
    await using opened = await openPorts();
    const [first, second] = opened.others as [number, number];
    await using _server = await bind(first);
    expect(await getPort({ port: [first, second] })).toBe(second);
  });

  test('gives another one if none of them is available', async () => {
    await using opened = await openPorts();
    const port = opened.others.slice(0, 2) as [number, number];
    await using _first = await bind(port[0]);
    await using _second = await bind(port[1]);
    const given = await getPort({ port });
    expect(given).toBeGreaterThan(0);
    expect(given).toBeLessThan(65_536);
    expect(port).not.toContain(given);
  });

  test('takes any iterable of preferred ports', async () => {
    await using opened = await openPorts();
    const port = opened.others[3] as number;
    const one = (function* () {
      yield port;
    })();
    expect(await getPort({ port: one, host: '0.0.0.0' })).toBe(port);
  });

  test('has ranges only of integers from 1024 to 65535, in ascending order', () => {
    for (const [from, to] of [
      ['abc', 3000],
      [3000, 'abc'],
    ])
      expect(() => portNumbers(from as never, to as never)).toThrow(TypeError);
    for (const [from, to] of [
      [1023, 1024],
      [65_536, 65_536],
      [1024, 1023],
      [65_535, 65_537],
      [1025, 1024],
    ] as const)
      expect(() => portNumbers(from, to)).toThrow(RangeError);
  });

  test('has all numbers of a range', () => {
    expect([...portNumbers(1024, 1024)]).toEqual([1024]);
    expect([...portNumbers(1024, 1025)]).toEqual([1024, 1025]);
    expect([...portNumbers(1024, 1027)]).toEqual([1024, 1025, 1026, 1027]);
  });

  test('does not give what is excluded of a range', async () => {
    await using opened = await openPorts();
    const [first, second, third] = opened.row;
    expect(await getPort({ exclude: [first, third], port: portNumbers(first, third) })).toBe(second);
  });

  test.each([[42], [['foo']], [[Number.NaN]]])('refuses to exclude %j', async (exclude) => {
    await using _opened = await openPorts();
    await expect(getPort({ exclude: exclude as never })).rejects.toBeInstanceOf(Error);
  });

  test('passes over preferred ports that are bound on different hosts', async () => {
    await using opened = await openPorts();
    const port = opened.others.slice(0, 4) as [number, number, number, number];
    await using _everywhere = await bind(port[0]);
    await using _ipv4 = await bind(port[1], '0.0.0.0');
    await using _loopback = await bind(port[2], '127.0.0.1');
    expect(await getPort({ port })).toBe(port[3]);
  });

  test('gives a port again after clearLockedPorts(), and not before', async () => {
    await using opened = await openPorts();
    const [port] = opened.others as [number];
    expect(await getPort({ port })).toBe(port);
    expect(await getPort({ port })).not.toBe(port);
    clearLockedPorts();
    expect(await getPort({ port })).toBe(port);
  });

  test('gives a reserved port to nobody else of the process', async () => {
    await using opened = await openPorts();
    const [port] = opened.others as [number];
    expect(await getPort({ port, reserve: true })).toBe(port);
    expect(await getPort({ port, host: '127.0.0.1' })).not.toBe(port);
    clearLockedPorts();
    expect(await getPort({ port, reserve: true })).toBe(port);
  });
});

describe('what get-port does and portslice/get-port does not:', () => {
  test('a port is locked for a while only, 15 to 30 seconds', async () => {
    await using opened = await openPorts();
    const [port, other] = opened.others as [number, number];
    // A copy that has set no timer yet.
    const fresh = (await import(`${import.meta.resolve('get-port')}?fresh`)) as typeof theirs;
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    expect(await ours.default({ port })).toBe(port);
    expect(await fresh.default({ port: other })).toBe(other);
    vi.advanceTimersByTime(15_001);
    await fresh.default();
    vi.advanceTimersByTime(15_001);
    vi.useRealTimers();
    expect(await ours.default({ port })).not.toBe(port);
    expect(await fresh.default({ port: other })).toBe(other);
  });

  test('any port can be preferred, and any other comes from the ephemeral range', async () => {
    await using opened = await openPorts();
    const [low, high] = main.getEphemeralTCPPortRange();
    const inside = await theirs.default();
    expect(inside).toBeGreaterThanOrEqual(low);
    expect(inside).toBeLessThanOrEqual(high);
    expect(opened.ports).toContain(await ours.default({ port: inside }));
  });

  test('a preferred port that is no port is an error of listen()', async () => {
    await using _opened = await openPorts();
    await expect(theirs.default({ port: 70_000 })).rejects.toMatchObject({ code: 'ERR_SOCKET_BAD_PORT' });
    const error = await errorOf(InvalidOptionError, () => ours.default({ port: 70_000 }));
    expect(error.option).toBe('port');
  });

  test('a port can be given to somebody else, of another process say', async () => {
    await using opened = await openTestPool(1);
    const [port] = opened.ports as [number];
    expect(await ours.default({ port })).toBe(port);
    // Nobody of portslice gets it, in any process: the kernel has its lock and its hold.
    expect(portIsInUse(port)).toBe(false);
    expect(opened.pool.snapshot()).toMatchObject([
      { port, state: 'held', label: 'getPort() outside of tests' },
    ]);
    const error = await errorOf(PortPoolExhaustedError, () => new main.TCPPortOwner());
    expect(error.message).toContain('getPort() outside of tests');
  });
});

describe('portslice/get-port', () => {
  test('keeps a port on which a server listens when the locked ports are cleared', async () => {
    await using opened = await openTestPool(2);
    const served = await ours.default();
    await ours.default();
    await using _server = await listen({ port: served });
    ours.clearLockedPorts();
    expect(opened.pool.snapshot().filter(({ state }) => state === 'held')).toMatchObject([{ port: served }]);
    expect(opened.pool.stats().leaks).toBe(0);
  });

  test('takes 0 for any port, also as one of several', async () => {
    await using opened = await openTestPool(3);
    const [first, second] = opened.ports as [number, number];
    expect(opened.ports).toContain(await ours.default({ port: 0 }));
    ours.clearLockedPorts();
    expect(await ours.default({ port: [first, 0, second] })).toBe(first);
    expect(opened.ports).toContain(await ours.default({ port: [first, 0, second] }));
  });

  test('takes what is no port as excluded, and IPv6 alone', async () => {
    await using opened = await openTestPool(1);
    const [port] = opened.ports as [number];
    expect(await ours.default({ exclude: [0, -1, 70_000], ipv6Only: true, exclusive: true })).toBe(port);
  });

  test('ends its wait with a signal', async () => {
    await using opened = await openTestPool(1);
    await ours.default();
    const end = new AbortController();
    const waiting = ours.default({ signal: end.signal });
    await expect.poll(() => opened.pool.stats().waits).toBe(1);
    end.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  test('is also what the main entry exports, for overrides', () => {
    expect(main.default).toBe(ours.default);
    expect(main.portNumbers).toBe(ours.portNumbers);
    expect(main.clearLockedPorts).toBe(ours.clearLockedPorts);
  });

  test('has the types of get-port', () => {
    expectTypeOf<Required<theirs.Options>>().toExtend<ours.Options>();
    expectTypeOf<typeof ours.default>().toExtend<typeof theirs.default>();
    expectTypeOf<typeof ours.portNumbers>().toEqualTypeOf<typeof theirs.portNumbers>();
    expectTypeOf<typeof ours.clearLockedPorts>().toEqualTypeOf<typeof theirs.clearLockedPorts>();
    expect(ours.default).toBeTypeOf('function');
  });
});
