import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { HostError } from '../../../src/errors/index.ts';
import { libc } from '../../../src/platform/linux/libc.ts';
import { resolveLocalHost } from '../../../src/platform/linux/resolver.ts';
import { platform } from '../../../src/platform/platform.ts';
import type { SocketAddressFamily } from '../../../src/platform/port-kernel.ts';
import { errorOf } from '../../support/catch-error.ts';
import { startPeer } from '../../support/kernel-peer.ts';
import { needNamespace } from '../../support/needs.ts';

const kernel = platform.openKernel();

function resolve(host: string): string[] {
  return resolveLocalHost(libc(), host).map(({ family, bytes, dual, scopeId }) => {
    expect({ dual, scopeId }).toEqual({ dual: false, scopeId: 0 });
    return `${family} ${Buffer.from(bytes).toString('hex')}`;
  });
}

const IPV4_LOCALHOST = 'ipv4 7f000001';
const IPV6_LOCALHOST = `ipv6 ${'1'.padStart(32, '0')}`;

describe('a host', () => {
  test('is localhost, with the addresses that this machine gives it', () => {
    expect(resolve('localhost')).toContain(IPV4_LOCALHOST);
    expect([IPV4_LOCALHOST, IPV6_LOCALHOST]).toEqual(expect.arrayContaining(resolve('localhost')));
  });

  test.each(['app.localhost', 'a.b.LOCALHOST', 'app.localhost.'])(
    'is loopback if its name is under localhost, whatever the resolver knows: %s',
    (host) => {
      expect(resolve(host)).toEqual([IPV4_LOCALHOST, IPV6_LOCALHOST]);
    },
  );

  test('can be a literal address of either family', () => {
    expect(resolve('127.0.0.1')).toEqual([IPV4_LOCALHOST]);
    expect(resolve('127.1.2.3')).toEqual(['ipv4 7f010203']);
    expect(resolve('0.0.0.0')).toEqual(['ipv4 00000000']);
    expect(resolve('::1')).toEqual([IPV6_LOCALHOST]);
    expect(resolve('::')).toEqual([`ipv6 ${'0'.repeat(32)}`]);
    // An IPv4 address in the clothes of IPv6, which only a socket of both families can be bound to.
    expect(resolve('::ffff:127.0.0.1')).toEqual([IPV4_LOCALHOST]);
  });

  test.each(['192.0.2.1', '2001:db8::1', '203.0.113.255', 'fe80::1', 'fe80::1%lo'])(
    'that is not of this machine is a typed error: %s',
    async (host) => {
      const error = await errorOf(HostError, () => resolve(host));
      expect(error).toMatchObject({ code: 'PORTSLICE_HOST', host });
      expect(error.message).toMatch(/is not an address of this machine|does not resolve/);
    },
  );

  test.each(['999.0.0.1', '::1::', 'two words', `${'x'.repeat(64)}.localhost`])(
    'that does not resolve is a typed error: %s',
    async (host) => {
      const error = await errorOf(HostError, () => resolve(host));
      expect(error.host).toBe(host);
      expect(error.message).toMatch(/does not resolve/);
    },
  );

  test('that is unknown is a typed error also where there is no name server', async (context) => {
    await using peer = await startPeer({ wrapper: needNamespace(context) });
    await expect(peer.kernel('holdTargetFor', ['no-such-host.invalid'], 'dual')).rejects.toMatchObject({
      errorName: 'HostError',
      facts: { host: 'no-such-host.invalid' },
      // In the words of the C library's resolver, which differ: 'Name or service not known', say.
      message: expect.stringMatching(
        /^Host 'no-such-host.invalid' does not resolve \([A-Z][a-z]+( [a-z]+)+\)/,
      ) as string,
    });
  });

  test('is of this machine also when the kernel has no ephemeral port left', async (context) => {
    const range = 'echo "40000 40001" > /proc/sys/net/ipv4/ip_local_port_range';
    await using peer = await startPeer({ wrapper: needNamespace(context, range) });
    for (const port of [40_000, 40_001]) await peer.tell.listen({ port });
    for (const host of ['127.0.0.1', '::1'])
      expect((await peer.kernel('holdTargetFor', [host], 'dual')).addresses).toHaveLength(1);
    await expect(peer.kernel('holdTargetFor', ['192.0.2.1'], 'dual')).rejects.toThrow(
      /not an address of this machine/,
    );
  });

  test('costs no descriptor, whether it resolves or not', async () => {
    const before = readdirSync('/proc/self/fd').length;
    resolve('127.4.5.6');
    await errorOf(HostError, () => resolve('192.0.2.77'));
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
  });
});

function target(hosts: readonly string[], family: SocketAddressFamily = 'dual'): string | string[] {
  const { addresses } = kernel.holdTargetFor(hosts, family);
  if (addresses === 'everywhere') return addresses;
  return addresses.map((address) => `${address.family} ${Buffer.from(address.bytes).toString('hex')}`);
}

describe('the target of a hold', () => {
  test('is every address for the empty host, with or without others of this machine', () => {
    expect(target([''])).toBe('everywhere');
    expect(target(['', 'localhost'])).toBe('everywhere');
    expect(target(['127.0.0.1', ''])).toBe('everywhere');
  });

  test('is every address for the wildcard of IPv6, on which servers serve both families', () => {
    expect(target(['::'])).toBe('everywhere');
    expect(target(['::1', '::'])).toBe('everywhere');
    expect(target(['::'], 'ipv6')).toEqual([`ipv6 ${'0'.repeat(32)}`]);
  });

  test('has no address beside the wildcard of its family', () => {
    expect(target(['127.0.0.1', '0.0.0.0'])).toEqual(['ipv4 00000000']);
    expect(target(['0.0.0.0', '::1', '127.0.0.1'])).toEqual(['ipv4 00000000', IPV6_LOCALHOST]);
    expect(target(['::1', '::'], 'ipv6')).toEqual([`ipv6 ${'0'.repeat(32)}`]);
  });

  test('is the wildcard address of a single family', () => {
    expect(target([''], 'ipv4')).toEqual(['ipv4 00000000']);
    expect(target([''], 'ipv6')).toEqual([`ipv6 ${'0'.repeat(32)}`]);
  });

  test('has each address of the hosts once', () => {
    expect(target(['127.0.0.1', '127.0.0.2', '127.0.0.1', '::1'])).toEqual([
      IPV4_LOCALHOST,
      'ipv4 7f000002',
      IPV6_LOCALHOST,
    ]);
    expect(target(['localhost', '127.0.0.1'], 'ipv4')).toEqual([IPV4_LOCALHOST]);
  });

  test.each([
    { host: '127.0.0.1', family: 'ipv6' },
    { host: '::1', family: 'ipv4' },
  ] as const)('must have an address of the family: $host is not $family', async ({ host, family }) => {
    for (const hosts of [[host], ['', host]]) {
      const error = await errorOf(HostError, () => target(hosts, family));
      expect(error.host).toBe(host);
      expect(error.message).toMatch(new RegExp(`has no ${family} address on this machine`));
    }
  });

  test('is checked for every host, even where every address is asked for anyway', async () => {
    const error = await errorOf(HostError, () => target(['', '192.0.2.1']));
    expect(error.host).toBe('192.0.2.1');
  });

  test('has at most seven addresses', async () => {
    const hosts = Array.from({ length: 8 }, (_, index) => `127.0.0.${index + 1}`);
    expect(target(hosts.slice(1))).toHaveLength(7);
    const error = await errorOf(HostError, () => target(hosts));
    expect(error.host).toBe(hosts.join(', '));
    expect(error.message).toMatch(/resolves to 8 addresses, at most 7 can be held/);
  });
});
