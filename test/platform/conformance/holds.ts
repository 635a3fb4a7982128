import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
/** What a hold keeps, on every operating system that has one. Instantiated for each of them. */
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

export const EVERYWHERE: HoldTarget = { exactAddresses: undefined };

const SHARING: readonly (readonly SocketOption[])[] = [
  ['SO_REUSEADDR'],
  ['SO_REUSEPORT'],
  ['SO_REUSEADDR', 'SO_REUSEPORT'],
];
export const nameOf = ({ host, dual }: Endpoint): string => (dual === true ? `${host} (dual)` : host);

const python = programOrNothing('python3');

export function describeHolds(name: string, openKernel: () => PortKernel): void {
  describe.skipIf(python === undefined)(`a hold of ${name}`, () => {
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

    function hold(target = EVERYWHERE): Hold {
      const held = kernel.takeHold(port, target);
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

    test.each(
      SHARING.flatMap((options) =>
        ENDPOINTS.map((endpoint) => ({ endpoint, options, name: nameOf(endpoint) })),
      ),
    )('lets a server with $options listen on $name, and stays over it', async ({ endpoint, options }) => {
      nextPort();
      const { descriptors } = hold();
      expect(kernel.somethingListens(port, undefined)).toBe(false);
      expect(await stranger.tryToServe(endpoint, port, options)).toBe('done');
      expect(await stranger.tryToServe(endpoint, port)).toBe('EADDRINUSE');
      kernel.closeDescriptors(descriptors);
    });

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

    test.each(
      SHARING.flatMap((options) =>
        ENDPOINTS.map((endpoint) => ({ endpoint, options, name: nameOf(endpoint) })),
      ),
    )('is not taken over a server with $options that listens on $name', async ({ endpoint, options }) => {
      nextPort();
      const id = await stranger.open(endpoint, options);
      expect(await stranger.bind(id, endpoint, port)).toBe('done');
      expect(await stranger.listen(id)).toBe('done');
      expect(kernel.takeHold(port, EVERYWHERE)).toBeUndefined();
      expect(kernel.somethingListens(port, undefined)).toBe(true);
      await stranger.close(id);
      expect(kernel.somethingListens(port, undefined)).toBe(false);
      kernel.closeDescriptors(hold().descriptors);
    });

    test.each(ENDPOINTS.map((endpoint) => ({ endpoint, name: nameOf(endpoint) })))(
      'is not taken over a socket that is bound to $name without SO_REUSEADDR',
      async ({ endpoint }) => {
        nextPort();
        const id = await stranger.open(endpoint);
        expect(await stranger.bind(id, endpoint, port)).toBe('done');
        expect(kernel.takeHold(port, EVERYWHERE)).toBeUndefined();
        await stranger.close(id);
        kernel.closeDescriptors(hold().descriptors);
      },
    );

    test('is taken over the TIME_WAIT of an earlier server, which a strict bind is not', async () => {
      nextPort();
      await leaveInTimeWait(port);
      await until('TIME_WAIT', () => platform.isOnlyInTimeWait(port));
      expect(kernel.checkStrictly(port, EVERYWHERE)).toBeUndefined();
      expect(kernel.somethingListens(port, undefined)).toBe(false);
      kernel.closeDescriptors(hold().descriptors);
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
      await victim.kernel('takeHold', port, EVERYWHERE);
      const [endpoint] = ENDPOINTS as [Endpoint];
      expect(await stranger.tryToServe(endpoint, port)).toBe('EADDRINUSE');
      await victim.kill();
      expect(await stranger.tryToServe(endpoint, port)).toBe('done');
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
        expect(kernel.checkStrictly(port, EVERYWHERE)).toEqual({ descriptors: [], addresses: undefined });
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
