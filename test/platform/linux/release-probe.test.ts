/** What the probe at a release answers, and what clients see of it. */
import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { IPV4_LOOPBACK, IPV6_LOOPBACK } from '../../../src/platform/internet-address.ts';
import { platform } from '../../../src/platform/platform.ts';
import type { Hold } from '../../../src/platform/port-kernel.ts';
import { listen } from '../../support/listening-server.ts';
import { type QuietPorts, reserveQuietPorts } from '../../support/quiet-ports.ts';
import { EVERYWHERE } from '../conformance/holds.ts';

const kernel = platform.openKernel();
let ports: QuietPorts;
let port: number;
beforeAll(async () => {
  ports = await reserveQuietPorts();
});
afterAll(() => ports[Symbol.asyncDispose]());
beforeEach(() => {
  port = ports.next();
});

/** 'connected', or the code of the error. */
async function connect(host: string): Promise<string> {
  const socket = net.connect({ port, host });
  try {
    await once(socket, 'connect');
    return 'connected';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'no code';
  } finally {
    socket.destroy();
  }
}

test('A client that connects while the port is probed again and again is refused', async () => {
  const { descriptors } = kernel.takeHold(port, EVERYWHERE) as Hold;
  for (let look = 0; look < 20; look++) {
    const outcome = connect('127.0.0.1');
    expect(kernel.somethingListens(port, 'everywhere')).toBe(false);
    expect(await outcome).toBe('ECONNREFUSED');
  }
  kernel.closeDescriptors(descriptors);
});

test('A client that connects to the hold while that is the probe is reset at once, and leaves nothing on the port', async () => {
  const hold = kernel.takeHold(port, EVERYWHERE) as Hold;
  expect(kernel.somethingListensBeside(hold)).toBe(false);
  const client = net.connect({ port, host: '127.0.0.1' });
  await once(client, 'connect');
  const end = once(client, 'end');
  kernel.closeDescriptors(hold.descriptors);
  await expect(end).rejects.toMatchObject({ code: 'ECONNRESET' });
  const again = kernel.takeHold(port, EVERYWHERE);
  expect(again).toBeDefined();
  kernel.closeDescriptors(again?.descriptors ?? []);
});

test('A connection that is open still when its server has ended is no listener', async () => {
  const hold = kernel.takeHold(port, EVERYWHERE) as Hold;
  const server = await listen({ port, host: '127.0.0.1' });
  const client = net.connect({ port, host: '127.0.0.1' });
  await once(client, 'connect');
  expect(kernel.somethingListens(port, 'everywhere')).toBe(true);
  // It waits for the connection to end, but listens no more.
  const closed = server.close();
  expect(kernel.somethingListens(port, 'everywhere')).toBe(false);
  expect(kernel.somethingListensBeside(hold)).toBe(false);
  kernel.closeDescriptors(hold.descriptors);
  client.destroy();
  await closed;
});

describe('A hold of two addresses', () => {
  const exactAddresses = [IPV4_LOOPBACK, IPV6_LOOPBACK];
  let foreign: Awaited<ReturnType<typeof listen>>;
  let hold: Hold;
  beforeEach(async () => {
    foreign = await listen({ port, host: '127.0.0.2' });
    hold = kernel.takeHoldOverLeftovers(port, { addresses: exactAddresses }) as Hold;
    return async () => {
      kernel.closeDescriptors(hold.descriptors);
      await foreign.close();
    };
  });

  test.each(['127.0.0.1', '::1'])(
    'finds a server that is left on %s, and goes on to guard both',
    async (host) => {
      expect(hold.descriptors).toHaveLength(2);
      const leaked = await listen({ port, host });
      const other = host === '::1' ? '127.0.0.1' : '::1';
      expect(kernel.somethingListens(port, exactAddresses)).toBe(true);
      expect(kernel.somethingListensBeside(hold)).toBe(true);
      expect(await connect(host)).toBe('connected');
      expect(await connect(other)).toBe('ECONNREFUSED');
      await using _server = await listen({ port, host: other });
      await leaked.close();
      expect(kernel.somethingListensBeside(hold)).toBe(true);
      expect(kernel.checkStrictly(port, { addresses: [IPV4_LOOPBACK] })).toBeUndefined();
      expect(kernel.checkStrictly(port, { addresses: [IPV6_LOOPBACK] })).toBeUndefined();
    },
  );

  test('finds nobody where nobody listens but the foreign server, and does not listen itself', async () => {
    expect(kernel.somethingListens(port, exactAddresses)).toBe(false);
    expect(kernel.somethingListensBeside(hold)).toBe(false);
    for (const host of ['127.0.0.1', '::1']) expect(await connect(host)).toBe('ECONNREFUSED');
    expect(await connect('127.0.0.2')).toBe('connected');
  });

  test('gives both back when it is released', () => {
    kernel.closeDescriptors(hold.descriptors);
    expect(kernel.checkStrictly(port, { addresses: exactAddresses })).toEqual({
      kind: 'checked',
      descriptors: [],
      addresses: exactAddresses,
    });
    hold = { kind: 'checked', descriptors: [], addresses: exactAddresses };
  });
});
