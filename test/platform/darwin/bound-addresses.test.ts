/** Why a port is looked at and sealed on four addresses, and in that order: each part is left out once, and a server shows the hole. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bindAll, everywhereAnd, inOrder } from '../../../src/platform/darwin/bound-addresses.ts';
import { SO_REUSEADDR, SOL_SOCKET } from '../../../src/platform/darwin/constants.ts';
import { libc } from '../../../src/platform/darwin/libc.ts';
import { bindInternet, openInternetSocket, setOption } from '../../../src/platform/darwin/sockets.ts';
import { Mark } from '../../../src/platform/darwin/thread-descriptors.ts';
import {
  ipv4Address,
  IPV4_LOOPBACK,
  IPV4_WILDCARD,
  IPV6_LOOPBACK,
  IPV6_WILDCARD,
} from '../../../src/platform/internet-address.ts';
import { platform } from '../../../src/platform/platform.ts';
import type { InternetAddress } from '../../../src/platform/port-kernel.ts';
import { needProgram } from '../../support/needs.ts';
import { type QuietPorts, reserveQuietPorts } from '../../support/quiet-ports.ts';
import { type Endpoint, startStranger } from '../../support/stranger.ts';

const kernel = platform.openKernel();
const LAN = ipv4Address(192, 168, 1, 2);
const FOUR = [IPV6_WILDCARD, IPV6_LOOPBACK, IPV4_WILDCARD, IPV4_LOOPBACK];

describe('the order', () => {
  test('is IPv6 before IPv4, and the wildcard of each family first, named or not', () => {
    expect(inOrder('everywhere', 'exact')).toEqual(FOUR);
    expect(inOrder([IPV4_LOOPBACK, IPV6_LOOPBACK], 'exact')).toEqual(FOUR);
    expect(inOrder([LAN], 'exact')).toEqual([IPV4_WILDCARD, LAN]);
    expect(inOrder([IPV6_WILDCARD], 'exact')).toEqual([IPV6_WILDCARD, IPV6_LOOPBACK]);
  });

  test('has one address where one bind sees all of IPv4', () => {
    expect(inOrder('everywhere', 'strict')).toEqual([IPV6_WILDCARD, IPV6_LOOPBACK, IPV4_WILDCARD]);
    expect(inOrder([LAN, IPV4_LOOPBACK], 'strict')).toEqual([LAN, IPV4_LOOPBACK]);
  });

  test('has the named addresses after the usual ones, if they are others', () => {
    expect(everywhereAnd('everywhere')).toBe('everywhere');
    expect(everywhereAnd([ipv4Address(127, 0, 0, 1)])).toBe('everywhere');
    expect(inOrder(everywhereAnd([LAN]), 'exact')).toEqual([...FOUR, LAN]);
  });
});

describe('without one of the four', () => {
  let ports: QuietPorts;
  let port: number;
  beforeAll(async () => {
    ports = await reserveQuietPorts();
  });
  afterAll(() => ports[Symbol.asyncDispose]());
  beforeEach(() => {
    port = ports.next();
  });

  /** All of them, in any order. */
  function bindEach(addresses: readonly InternetAddress[]): number[] | undefined {
    const bound: number[] = [];
    for (const address of addresses) {
      const descriptor = openInternetSocket(libc(), address, Mark.seal) as number;
      bound.push(descriptor);
      setOption(libc(), descriptor, SOL_SOCKET, SO_REUSEADDR);
      if (bindInternet(libc(), descriptor, address, port) === 0) continue;
      kernel.closeDescriptors(bound);
      return undefined;
    }
    return bound;
  }

  test.for<[omitted: InternetAddress, server: Endpoint]>([
    [IPV6_WILDCARD, { family: 'ipv6', host: '::' }],
    [IPV6_WILDCARD, { family: 'ipv6', host: '::', dual: true }],
    [IPV6_LOOPBACK, { family: 'ipv6', host: '::1' }],
    [IPV4_WILDCARD, { family: 'ipv4', host: '0.0.0.0' }],
    [IPV4_LOOPBACK, { family: 'ipv4', host: '127.0.0.1' }],
  ])('a seal lets a server in, and a probe misses one: %o', async ([omitted, server], context) => {
    const three = FOUR.filter((address) => address !== omitted);
    await using stranger = startStranger(needProgram(context, 'python3'));
    const seal = bindEach(three);
    expect(seal).toHaveLength(3);
    expect(await stranger.tryToServe(server, port, ['SO_REUSEADDR'])).toBe('done');
    kernel.closeDescriptors(seal ?? []);

    const id = await stranger.open(server, ['SO_REUSEADDR']);
    expect(await stranger.bind(id, server, port)).toBe('done');
    expect(await stranger.listen(id)).toBe('done');
    // A server of both families is seen by the IPv4 wildcard, too.
    const missed = bindEach(three.filter(({ family }) => server.dual !== true || family === 'ipv6'));
    expect(missed).toBeDefined();
    kernel.closeDescriptors(missed ?? []);
    expect(bindAll(libc(), port, 'everywhere', 'exact')).toBeUndefined();
    await stranger.close(id);
  });

  test('in another order, sockets are bound beside a server before it is seen', async (context) => {
    await using stranger = startStranger(needProgram(context, 'python3'));
    const server: Endpoint = { family: 'ipv6', host: '::', dual: true };
    const id = await stranger.open(server, ['SO_REUSEADDR']);
    await stranger.bind(id, server, port);
    await stranger.listen(id);
    for (const swallowing of [IPV4_LOOPBACK, IPV6_LOOPBACK]) {
      const bound = bindEach([swallowing]);
      expect(bound).toHaveLength(1);
      kernel.closeDescriptors(bound ?? []);
    }
    await stranger.close(id);
  });
});
