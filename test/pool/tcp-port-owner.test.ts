import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  HostError,
  InvalidOptionError,
  portIsInUse,
  PortPoolExhaustedError,
  TCPPortOwner,
  type TCPPortOwnerOptions,
} from '../../src/index.ts';
import { errorOf } from '../support/catch-error.ts';
import { hasHolds } from '../support/kernel-traits.ts';
import { listen } from '../support/listening-server.ts';
import { releaseSealed } from '../support/pool-internals.ts';
import { startPortWorker } from '../support/port-worker.ts';
import { openTestPool } from '../support/test-pool.ts';
import { collectWarnings } from '../support/warnings.ts';

describe('an owner', () => {
  test('is its port as text, as a number and in JSON', async () => {
    await using opened = await openTestPool(1);
    using owner = new TCPPortOwner();
    const [port] = opened.ports as [number];
    expect(owner.port).toBe(port);
    expect(owner.toString()).toBe(String(port));
    expect(`http://localhost:${owner.toString()}/`).toBe(`http://localhost:${port}/`);
    // oxlint-disable-next-line typescript/restrict-template-expressions -- the promise that is tested
    expect(`${owner}`).toBe(String(port));
    expect(String(owner)).toBe(String(port));
    expect(['host', owner].join(':')).toBe(`host:${port}`);
    expect(Number(owner)).toBe(port);
    expect(+owner).toBe(port);
    // Neither is a number's or a text's operation for the types.
    const value = owner as unknown as number;
    expect(value + 1).toBe(port + 1);
    expect(`x${port}`).toBe('x' + value);
    expect(Math.max(value, 0)).toBe(port);
    expect(JSON.stringify({ owner })).toBe(`{"owner":${port}}`);
  });

  test('is shown by console.log with what became of it and for what it was', async () => {
    await using _opened = await openTestPool(1);
    const owner = new TCPPortOwner({ label: 'pays by card' });
    expect(inspect(owner)).toBe(`TCPPortOwner ${owner.port} (held, 'pays by card')`);
    owner.cleanup();
    expect(inspect({ owner })).toBe(`{ owner: TCPPortOwner ${owner.port} (free, 'pays by card') }`);
    const unnamed = new TCPPortOwner();
    releaseSealed(unnamed);
    expect(inspect(unnamed)).toBe(`TCPPortOwner ${unnamed.port} (sealed)`);
  });

  test('tells with which hosts and family it was made, which cannot be changed', async () => {
    await using _opened = await openTestPool(2);
    using owner = new TCPPortOwner();
    expect(owner).toMatchObject({ hosts: ['', 'localhost'], socketAddressFamily: 'dual' });
    const hosts = ['127.0.0.1'];
    using narrow = new TCPPortOwner({ hosts, socketAddressFamily: 'ipv4' });
    hosts.push('::1');
    expect(narrow).toMatchObject({ hosts: ['127.0.0.1'], socketAddressFamily: 'ipv4' });
    expect(() => (narrow.hosts as string[]).push('::1')).toThrow(TypeError);
  });

  test.each<[TCPPortOwnerOptions, [path?: string, protocol?: string], string]>([
    [{}, [], 'http://localhost:PORT'],
    [{}, ['/path?q=1'], 'http://localhost:PORT/path?q=1'],
    [{}, ['path'], 'http://localhost:PORT/path'],
    [{}, ['', 'ws'], 'ws://localhost:PORT'],
    [{}, ['/', 'https:'], 'https://localhost:PORT/'],
    [{ hosts: ['127.0.0.1'] }, ['/x'], 'http://127.0.0.1:PORT/x'],
    [{ hosts: ['::1'] }, ['/x'], 'http://[::1]:PORT/x'],
    [{ hosts: ['127.0.0.1', 'localhost'] }, [], 'http://localhost:PORT'],
    [{ hosts: ['127.0.0.1', ''] }, [], 'http://localhost:PORT'],
    [{ hosts: ['127.0.0.1', '::1'] }, [], 'http://127.0.0.1:PORT'],
    [{ hosts: ['0.0.0.0'] }, [], 'http://localhost:PORT'],
    [{ hosts: ['127.0.0.1', '::'] }, [], 'http://localhost:PORT'],
  ])('of %o has url(...%o) = %s', async (options, args, expected) => {
    await using _opened = await openTestPool(1);
    using owner = new TCPPortOwner(options);
    const url = owner.url(...args);
    expect(url).toBe(expected.replace('PORT', String(owner.port)));
    expect(new URL(url).port).toBe(String(owner.port));
  });

  test('keeps its port from everybody else, and lets any server listen on it', async () => {
    await using opened = await openTestPool(1);
    using owner = new TCPPortOwner();
    await using otherRun = startPortWorker({ env: { PORTSLICE_PORTS: opened.spec } });
    expect(await otherRun.call('claimAll')).toEqual([]);
    await otherRun.call('listen', owner.port);
    await otherRun.call('closeServer', owner.port);
    await otherRun.call('listen', owner.port, '127.0.0.1');
    await otherRun.call('closeServer', owner.port);
  });
});

describe('the wildcard of a family among the hosts', () => {
  test('of IPv6 is every address: a port with a listener on IPv4 is not given', async () => {
    await using opened = await openTestPool(2);
    const [listened, free] = opened.ports as [number, number];
    await using _foreign = await listen({ port: listened, host: '127.0.0.1' });
    using owner = new TCPPortOwner({ hosts: ['::'] });
    expect(owner.port).toBe(free);
    await errorOf(PortPoolExhaustedError, () => new TCPPortOwner({ hosts: ['::'] }));
  });

  test.each<[TCPPortOwnerOptions, elsewhere: string]>([
    [{ hosts: ['127.0.0.1', '0.0.0.0'] }, '::1'],
    [{ hosts: ['::1', '::'], socketAddressFamily: 'ipv6' }, '127.0.0.1'],
  ])('may stand beside an address of it, without a hold too: %o', async (options, elsewhere) => {
    await using opened = await openTestPool(1);
    await using _foreign = await listen({ port: opened.ports[0], host: elsewhere });
    for (const hold of [false, true]) {
      using owner = new TCPPortOwner({ ...options, hold });
      expect(owner.port).toBe(opened.ports[0]);
    }
  });
});

describe.runIf(hasHolds)('a hold on the named addresses only, because a stranger has another one', () => {
  test('is told once in the run, whoever has it', async () => {
    await using opened = await openTestPool(4);
    using warnings = collectWarnings();
    using _checked = new TCPPortOwner({ hosts: ['127.0.0.1'] });
    const strangers = opened.ports.map((port) => listen({ port, host: '127.0.0.9' }).catch(() => undefined));
    expect(await Promise.all(strangers)).not.toContain(undefined);
    using _unheld = new TCPPortOwner({ hosts: ['127.0.0.1'], hold: false });
    expect(await warnings.withCode('PORTSLICE_NARROW_HOLD')).toEqual([]);
    using narrow = new TCPPortOwner({ hosts: ['127.0.0.1'] });
    await using worker = startPortWorker({ env: opened.env });
    await worker.call('claim', { hosts: ['127.0.0.1'] });
    expect(await warnings.withCode('PORTSLICE_NARROW_HOLD')).toEqual([
      expect.stringMatching(
        new RegExp(
          `Port ${narrow.port} is held on the addresses of 'hosts' only, .*If your servers listen on 'hosts' only, there is nothing to do; else `,
        ),
      ),
    ]);
    expect(await worker.call('warnings')).toEqual([]);
  });
});

describe('cleanup', () => {
  test('happens at the end of a block with `using`', async () => {
    await using opened = await openTestPool(1);
    {
      using owner = new TCPPortOwner();
      expect(opened.pool.snapshot()).toMatchObject([{ port: owner.port, state: 'held' }]);
    }
    expect(opened.pool.snapshot()).toMatchObject([{ state: 'free' }]);
  });

  test('is what Symbol.dispose does, also after an error', async () => {
    await using opened = await openTestPool(1);
    const owner = new TCPPortOwner();
    owner[Symbol.dispose]();
    expect(() => {
      using _owner = new TCPPortOwner();
      throw new RangeError('of the test');
    }).toThrow(RangeError);
    expect(opened.pool.stats().currentlyAllocatedPorts).toBe(0);
  });

  test('frees the port for other processes', async () => {
    await using opened = await openTestPool(1);
    const owner = new TCPPortOwner();
    await using otherRun = startPortWorker({ env: { PORTSLICE_PORTS: opened.spec } });
    expect(await otherRun.call('claimAll')).toEqual([]);
    owner.cleanup();
    expect(await otherRun.call('claimAll')).toEqual([owner.port]);
  });

  test('done twice never releases the next owner of the same port', async () => {
    await using opened = await openTestPool(1);
    await using otherRun = startPortWorker({ env: { PORTSLICE_PORTS: opened.spec } });
    const first = new TCPPortOwner();
    first.cleanup();
    const second = new TCPPortOwner();
    expect(second.port).toBe(first.port);
    first.cleanup();
    first[Symbol.dispose]();
    expect(await otherRun.call('claimAll')).toEqual([]);
    expect(opened.pool.snapshot()).toMatchObject([{ state: 'held', claimCount: 2 }]);
    await errorOf(PortPoolExhaustedError, () => new TCPPortOwner());
    second.cleanup();
    second.cleanup();
    expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 0, lifetimeTotalAllocatedPorts: 2 });
  });

  test('done twice never releases the port of another process', async () => {
    await using opened = await openTestPool(1);
    const first = new TCPPortOwner();
    first.cleanup();
    await using worker = startPortWorker({ env: opened.env });
    const port = await worker.call('claim');
    first.cleanup();
    expect(port).toBe(first.port);
    expect(portIsInUse(port)).toBe(true);
    expect(opened.pool.snapshot()).toMatchObject([{ state: 'held', processId: worker.pid }]);
  });
});

describe('hosts and family', () => {
  const NARROW: readonly [TCPPortOwnerOptions, string][] = [
    [{ hosts: ['::1'] }, '127.0.0.1'],
    [{ hosts: ['127.0.0.1'] }, '::1'],
    [{ hosts: ['127.0.0.2'] }, '127.0.0.1'],
    [{ socketAddressFamily: 'ipv4' }, '::1'],
    [{ socketAddressFamily: 'ipv6' }, '127.0.0.1'],
    [{ hosts: ['localhost'], socketAddressFamily: 'ipv4' }, '::1'],
    [{ hosts: ['::1'], hold: false }, '127.0.0.1'],
    [{ socketAddressFamily: 'ipv4', hold: false }, '::1'],
  ];

  test.each(NARROW)('%o get a port on which something listens only at %s', async (options, host) => {
    await using opened = await openTestPool(1);
    await using _server = await listen({ port: opened.ports[0], host });
    const error = await errorOf(PortPoolExhaustedError, () => new TCPPortOwner());
    expect(error.facts.listenedOnByStrangers).toBe(1);
    using owner = new TCPPortOwner(options);
    expect(owner.port).toBe(opened.ports[0]);
  });

  test.each(NARROW)('%o do not get a port on which something listens at one of theirs', async (options) => {
    await using opened = await openTestPool(1);
    const host = options.hosts?.[0] ?? (options.socketAddressFamily === 'ipv4' ? '127.0.0.1' : '::1');
    await using server = await listen({
      port: opened.ports[0],
      host: host === 'localhost' ? '127.0.0.1' : host,
    });
    const error = await errorOf(PortPoolExhaustedError, () => new TCPPortOwner(options));
    expect(error.facts.listenedOnByStrangers).toBe(1);
    await server.close();
    new TCPPortOwner(options).cleanup();
  });

  test('the same number is never two owners’, whatever their hosts', async () => {
    await using _opened = await openTestPool(1);
    using _owner = new TCPPortOwner({ hosts: ['127.0.0.1'] });
    const error = await errorOf(PortPoolExhaustedError, () => new TCPPortOwner({ hosts: ['::1'] }));
    expect(error.facts.holders).toHaveLength(1);
  });

  test.each([
    [{ hosts: ['192.0.2.1'] }, '192.0.2.1'],
    [{ hosts: ['', 'no-such-host.invalid'] }, 'no-such-host.invalid'],
    [{ hosts: ['127.0.0.1'], socketAddressFamily: 'ipv6' }, '127.0.0.1'],
    [{ hosts: ['127.0.0.1', 'not a host'], hold: false }, 'not a host'],
  ] as const)('%o are refused at once with the host, and no port is touched', async (options, host) => {
    await using opened = await openTestPool(1);
    expect((await errorOf(HostError, () => new TCPPortOwner(options))).host).toBe(host);
    expect((await errorOf(HostError, () => TCPPortOwner.acquire(options))).host).toBe(host);
    expect(opened.pool.snapshot()).toEqual([]);
  });

  test('more than seven addresses are refused', async () => {
    await using _opened = await openTestPool(1);
    const hosts = Array.from({ length: 8 }, (_, index) => `127.0.0.${index + 1}`);
    expect((await errorOf(HostError, () => new TCPPortOwner({ hosts }))).message).toContain('8 addresses');
    new TCPPortOwner({ hosts: hosts.slice(1) }).cleanup();
  });
});

describe('hold: false', () => {
  test('keeps the port by its lock alone', async () => {
    await using opened = await openTestPool(1);
    using owner = new TCPPortOwner({ hold: false });
    await using otherRun = startPortWorker({ env: { PORTSLICE_PORTS: opened.spec } });
    expect(await otherRun.call('claimAll')).toEqual([]);
    expect(portIsInUse(owner.port)).toBe(false);
    await using _server = await listen({ port: owner.port, exclusive: true });
  });

  test('does not get a port on which something listens', async () => {
    await using opened = await openTestPool(1);
    await using _server = await listen({ port: opened.ports[0] });
    const error = await errorOf(PortPoolExhaustedError, () => new TCPPortOwner({ hold: false }));
    expect(error.facts.listenedOnByStrangers).toBe(1);
  });
});

describe('the label', () => {
  test.each([
    ['two-byte', 'é', 112],
    ['three-byte', '€', 74],
    ['four-byte', '😀', 56],
    ['one-byte', 'x', 224],
  ])('is cut at 224 bytes between %s characters', async (_what, character, fitting) => {
    await using opened = await openTestPool(1);
    using _owner = new TCPPortOwner({ label: character.repeat(300) });
    expect(opened.pool.snapshot()[0]?.label).toBe(character.repeat(fitting));
  });

  test('is the last owner’s, also if that one has none', async () => {
    await using opened = await openTestPool(1);
    const labelOf = (): string | undefined => opened.pool.snapshot()[0]?.label;
    new TCPPortOwner({ label: 'a long label of the first' }).cleanup();
    new TCPPortOwner({ label: 'second' }).cleanup();
    expect(labelOf()).toBe('second');
    new TCPPortOwner().cleanup();
    expect(labelOf()).toBe('');
  });
});

describe('bad options', () => {
  test.each([
    ['hosts', []],
    ['hosts', 'localhost'],
    ['hosts', [undefined]],
    ['hosts', null],
    ['socketAddressFamily', 'ipv5'],
    ['socketAddressFamily', 4],
    ['hold', 'yes'],
    ['hold', null],
    ['label', 5],
    ['acquireTimeoutMs', -1],
    ['acquireTimeoutMs', Number.NaN],
    ['acquireTimeoutMs', Number.POSITIVE_INFINITY],
    ['acquireTimeoutMs', '100'],
    ['signal', {}],
    ['signal', null],
  ])('%s = %o is refused by name, and no port is touched', async (option, value) => {
    await using opened = await openTestPool(1);
    const options = { [option]: value };
    expect(await errorOf(InvalidOptionError, () => new TCPPortOwner(options))).toMatchObject({ option });
    expect(await errorOf(InvalidOptionError, () => TCPPortOwner.acquire(options))).toMatchObject({ option });
    expect(opened.pool.snapshot()).toEqual([]);
  });

  test.each([{ host: 'localhost' }, { family: 'ipv4' }, { Hold: true }, { acquireTimeoutMs: 5 }])(
    'the unknown option of %o is refused, and the known ones are listed',
    async (options) => {
      const error = await errorOf(InvalidOptionError, () => new TCPPortOwner(options as TCPPortOwnerOptions));
      expect(error.message).toContain(`${Object.keys(options)[0]} is not an option`);
      expect(error.message).toContain('hosts, socketAddressFamily, hold, transports, label');
    },
  );

  test.each([null, 5, 'localhost'])('%o in place of options is refused', async (options) => {
    const act = () => new TCPPortOwner(options as TCPPortOwnerOptions);
    expect(await errorOf(InvalidOptionError, act)).toMatchObject({ option: 'options', value: options });
  });
});
