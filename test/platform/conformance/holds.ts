/** What a hold keeps, on every operating system that has one. Instantiated for each of them. */
import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { platform } from '../../../src/platform/platform.ts';
import type { Hold, HoldTarget, PortKernel } from '../../../src/platform/port-kernel.ts';
import { NOBODY, startPeer } from '../../support/kernel-peer.ts';
import { needRoot, programOrNothing } from '../../support/needs.ts';
import { type QuietPorts, reserveQuietPorts } from '../../support/quiet-ports.ts';
import {
  type Endpoint,
  ENDPOINTS,
  type SocketOption,
  startStranger,
  type Stranger,
} from '../../support/stranger.ts';
import { until } from '../../support/until.ts';

export const EVERYWHERE: HoldTarget = { addresses: 'everywhere' };

const SHARING: readonly (readonly SocketOption[])[] = [
  ['SO_REUSEADDR'],
  ['SO_REUSEPORT'],
  ['SO_REUSEADDR', 'SO_REUSEPORT'],
];
export const nameOf = ({ host, dual }: Endpoint): string => (dual === true ? `${host} (dual)` : host);

const python = programOrNothing('python3');

/** The two functions that take a hold: what it keeps afterwards is the same. */
type Way = 'takeHold' | 'takeHoldOverLeftovers';
export const WAYS: readonly Way[] = ['takeHold', 'takeHoldOverLeftovers'];

const isWildcard = ({ host }: Endpoint): boolean => host === '0.0.0.0' || host === '::';
const everySharing = SHARING.flatMap((options) =>
  ENDPOINTS.map((endpoint) => ({ endpoint, options, name: nameOf(endpoint) })),
);

export function describeHolds(name: string, openKernel: () => PortKernel): void {
  describe.skipIf(python === undefined).each(WAYS)(`a hold of ${name} from %s`, (way) => {
    const kernel = openKernel();
    let ports: QuietPorts;
    let stranger: Stranger;
    let port: number;
    beforeAll(async () => {
      ports = await reserveQuietPorts();
      stranger = startStranger(python as string);
    });
    afterAll(async () => {
      await Promise.all([stranger.stop(), ports[Symbol.asyncDispose]()]);
    });
    const nextPort = (): number => (port = ports.next());
    const tryToHold = (): Hold | undefined => kernel[way](port, EVERYWHERE);

    function hold(): Hold {
      const held = tryToHold();
      if (held === undefined) throw new Error(`Port ${port} is in use.`);
      return held;
    }

    test.each(ENDPOINTS.map((endpoint) => ({ endpoint, name: nameOf(endpoint) })))(
      'refuses a strict bind of $name, until it is released',
      async ({ endpoint }) => {
        nextPort();
        const { descriptors } = hold();
        expect(await stranger.tryToServe(endpoint, port)).toBe('EADDRINUSE');
        kernel.closeDescriptors(descriptors);
        expect(await stranger.tryToServe(endpoint, port)).toBe('done');
      },
    );

    test.each(everySharing)(
      'lets a server with $options listen on $name, and stays over it',
      async ({ endpoint, options }) => {
        nextPort();
        const { descriptors } = hold();
        expect(kernel.somethingListens(port, 'everywhere')).toBe(false);
        expect(await stranger.tryToServe(endpoint, port, options)).toBe('done');
        expect(await stranger.tryToServe(endpoint, port)).toBe('EADDRINUSE');
        kernel.closeDescriptors(descriptors);
      },
    );

    test.each(everySharing)(
      'is a probe that finds a server with $options on $name, and nobody when that has ended',
      async ({ endpoint, options }) => {
        nextPort();
        const held = hold();
        const id = await stranger.open(endpoint, options);
        expect(await stranger.bind(id, endpoint, port)).toBe('done');
        expect(await stranger.listen(id)).toBe('done');
        expect(kernel.somethingListens(port, 'everywhere')).toBe(true);
        expect(kernel.somethingListensBeside(held)).toBe(true);
        expect(await stranger.tryToServe(endpoint, port)).toBe('EADDRINUSE');
        await stranger.close(id);
        expect(kernel.somethingListens(port, 'everywhere')).toBe(false);
        expect(kernel.somethingListensBeside(held)).toBe(false);
        kernel.closeDescriptors(held.descriptors);
      },
    );

    test('lets a server of another user listen that sets SO_REUSEADDR', async (context) => {
      needRoot(context);
      nextPort();
      const { descriptors } = hold();
      await using other = startStranger(python as string, NOBODY);
      for (const endpoint of ENDPOINTS) {
        expect(await other.tryToServe(endpoint, port)).toBe('EADDRINUSE');
        expect(await other.tryToServe(endpoint, port, ['SO_REUSEADDR'])).toBe('done');
      }
      kernel.closeDescriptors(descriptors);
    });

    test.each(everySharing)(
      'is not taken over a server with $options that listens on $name',
      async ({ endpoint, options }) => {
        nextPort();
        const id = await stranger.open(endpoint, options);
        expect(await stranger.bind(id, endpoint, port)).toBe('done');
        expect(await stranger.listen(id)).toBe('done');
        expect(tryToHold()).toBeUndefined();
        expect(kernel.somethingListens(port, 'everywhere')).toBe(true);
        await stranger.close(id);
        expect(kernel.somethingListens(port, 'everywhere')).toBe(false);
        kernel.closeDescriptors(hold().descriptors);
      },
    );

    test.each(ENDPOINTS.map((endpoint) => ({ endpoint, name: nameOf(endpoint) })))(
      'is not taken over a socket that is bound to $name without SO_REUSEADDR',
      async ({ endpoint }) => {
        nextPort();
        const id = await stranger.open(endpoint);
        expect(await stranger.bind(id, endpoint, port)).toBe('done');
        expect(tryToHold()).toBeUndefined();
        await stranger.close(id);
        kernel.closeDescriptors(hold().descriptors);
      },
    );

    // Had the hold been taken, its listen() would succeed: nothing but listeners is in the way of that.
    test.each(everySharing.filter(({ endpoint }) => way === 'takeHold' || isWildcard(endpoint)))(
      'is not taken over a socket with $options that is bound to $name and does not listen yet',
      async ({ endpoint, options }) => {
        nextPort();
        const id = await stranger.open(endpoint, options);
        expect(await stranger.bind(id, endpoint, port)).toBe('done');
        expect(tryToHold()).toBeUndefined();
        expect(await stranger.listen(id)).toBe('done');
        expect(tryToHold()).toBeUndefined();
        await stranger.close(id);
        kernel.closeDescriptors(hold().descriptors);
      },
    );

    test('is not taken over the like of another user', async (context) => {
      needRoot(context);
      await using other = startStranger(python as string, NOBODY);
      for (const endpoint of ENDPOINTS.filter((each) => way === 'takeHold' || isWildcard(each))) {
        nextPort();
        const id = await other.open(endpoint, ['SO_REUSEADDR']);
        expect(await other.bind(id, endpoint, port)).toBe('done');
        expect(tryToHold()).toBeUndefined();
        expect(await other.listen(id)).toBe('done');
        await other.close(id);
        kernel.closeDescriptors(hold().descriptors);
      }
    });

    test('is no listener: connecting is refused, and /proc names nobody', async () => {
      nextPort();
      const { descriptors } = hold();
      const socket = net.connect({ host: '127.0.0.1', port });
      await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      expect(platform.findListeners(port)).toEqual([]);
      expect(platform.isOnlyInTimeWait(port)).toBe(false);
      kernel.closeDescriptors(descriptors);
    });

    test('ends with its process, however that ends', async () => {
      nextPort();
      const victim = await startPeer();
      await victim.kernel(way, port, EVERYWHERE);
      const [endpoint] = ENDPOINTS as [Endpoint];
      expect(await stranger.tryToServe(endpoint, port)).toBe('EADDRINUSE');
      await victim.kill();
      expect(await stranger.tryToServe(endpoint, port)).toBe('done');
    });

    test('is not taken beside another one', async () => {
      nextPort();
      const { descriptors } = hold();
      await using other = await startPeer();
      for (const otherWay of WAYS) expect(await other.kernel(otherWay, port, EVERYWHERE)).toBeUndefined();
      kernel.closeDescriptors(descriptors);
    });

    test('leaves no descriptor where the port is in use', async () => {
      nextPort();
      const { descriptors } = hold();
      await using peer = await startPeer();
      await peer.kernel(way, port, EVERYWHERE);
      const before = await peer.tell.countDescriptors();
      expect(await peer.kernel(way, port, EVERYWHERE)).toBeUndefined();
      expect(await peer.tell.countDescriptors()).toBe(before);
      kernel.closeDescriptors(descriptors);
    });
  });

  describe.skipIf(python === undefined)(`what an earlier server has left, on ${name}`, () => {
    const kernel = openKernel();

    test('is passed over by the second function only', async () => {
      await using ports = await reserveQuietPorts();
      const port = ports.next();
      await leaveInTimeWait(port);
      await until('TIME_WAIT', () => platform.isOnlyInTimeWait(port));
      expect(kernel.takeHold(port, EVERYWHERE)).toBeUndefined();
      expect(kernel.checkStrictly(port, EVERYWHERE)).toBeUndefined();
      expect(kernel.somethingListens(port, 'everywhere')).toBe(false);
      const hold = kernel.takeHoldOverLeftovers(port, EVERYWHERE);
      expect(hold).toEqual({ kind: 'held', descriptors: [expect.any(Number)], addresses: 'everywhere' });
      kernel.closeDescriptors(hold?.descriptors ?? []);
    });
  });

  describe.skipIf(python === undefined)(`a strict check of ${name}`, () => {
    const kernel = openKernel();
    let ports: QuietPorts;
    let stranger: Stranger;
    beforeAll(async () => {
      ports = await reserveQuietPorts();
      stranger = startStranger(python as string);
    });
    afterAll(async () => {
      await Promise.all([stranger.stop(), ports[Symbol.asyncDispose]()]);
    });

    test.each(
      [[], ...SHARING].flatMap((options) =>
        ENDPOINTS.map((endpoint) => ({ endpoint, options, name: nameOf(endpoint) })),
      ),
    )(
      'finds the port in use while a socket with $options is bound to $name, listening or not',
      async ({ endpoint, options }) => {
        const port = ports.next();
        expect(kernel.checkStrictly(port, EVERYWHERE)).toEqual({
          kind: 'checked',
          descriptors: [],
          addresses: 'everywhere',
        });
        const id = await stranger.open(endpoint, options);
        expect(await stranger.bind(id, endpoint, port)).toBe('done');
        expect(kernel.checkStrictly(port, EVERYWHERE)).toBeUndefined();
        expect(await stranger.listen(id)).toBe('done');
        expect(kernel.checkStrictly(port, EVERYWHERE)).toBeUndefined();
        await stranger.close(id);
        expect(kernel.checkStrictly(port, EVERYWHERE)).toBeDefined();
      },
    );

    test('leaves nothing behind that would be in the way of a server without options', async () => {
      const port = ports.next();
      kernel.checkStrictly(port, EVERYWHERE);
      for (const endpoint of ENDPOINTS) expect(await stranger.tryToServe(endpoint, port)).toBe('done');
    });
  });
}

/** The side that closes first is left in TIME_WAIT. */
async function leaveInTimeWait(port: number): Promise<void> {
  const server = net.createServer((socket) => socket.end());
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const client = net.connect(port, '127.0.0.1').resume();
  await once(client, 'close');
  server.close();
  await once(server, 'close');
}
