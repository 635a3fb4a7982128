/** What the check, the probe and the seal of every operating system see and keep. Instantiated for each of them. */
import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { PortKernel } from '../../../src/platform/port-kernel.ts';
import { NOBODY, startPeer } from '../../support/kernel-peer.ts';
import { listen } from '../../support/listening-server.ts';
import { needRoot, programOrNothing } from '../../support/needs.ts';
import { type QuietPorts, reserveQuietPorts } from '../../support/quiet-ports.ts';
import { type Endpoint, type SocketOption, startStranger, type Stranger } from '../../support/stranger.ts';
import { EVERYWHERE, nameOf } from './holds.ts';

const EVERY_WAY: readonly (readonly SocketOption[])[] = [
  [],
  ['SO_REUSEADDR'],
  ['SO_REUSEPORT'],
  ['SO_REUSEADDR', 'SO_REUSEPORT'],
];

export interface ProbesUnderTest {
  readonly name: string;
  readonly openKernel: () => PortKernel;
  /** Where the kernel sees a listener. */
  readonly endpoints: readonly Endpoint[];
}

const python = programOrNothing('python3');

export function describeProbes({ name, openKernel, endpoints }: ProbesUnderTest): void {
  const everyServer = EVERY_WAY.flatMap((options) =>
    endpoints.map((endpoint) => ({ endpoint, options, name: nameOf(endpoint) })),
  );

  describe.skipIf(python === undefined)(`on ${name}`, () => {
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
    beforeEach(() => {
      port = ports.next();
    });

    const listens = (): boolean => kernel.somethingListens(port, 'everywhere');
    /** As a claim does it. */
    function claim(): number[] | undefined {
      const lock = kernel.takeLock(port);
      if (lock === undefined) return undefined;
      const hold = kernel.takeHold(port, EVERYWHERE) ?? kernel.takeHoldOverLeftovers(port, EVERYWHERE);
      if (hold !== undefined) return [...hold.descriptors, lock];
      kernel.closeDescriptors([lock]);
      return undefined;
    }
    async function serve(endpoint: Endpoint, options: readonly SocketOption[]): Promise<number> {
      const id = await stranger.open(endpoint, options);
      expect(await stranger.bind(id, endpoint, port)).toBe('done');
      expect(await stranger.listen(id)).toBe('done');
      return id;
    }

    test.each(everyServer)(
      'a port is not claimed and a probe finds somebody while a server with $options listens on $name',
      async ({ endpoint, options }) => {
        const id = await serve(endpoint, options);
        expect(claim()).toBeUndefined();
        expect(kernel.checkStrictly(port, EVERYWHERE)).toBeUndefined();
        expect(listens()).toBe(true);
        expect(kernel.takeSeal(port, 'everywhere')).toBeUndefined();
        await stranger.close(id);
        expect(listens()).toBe(false);
        const claimed = claim();
        expect(claimed).toBeDefined();
        kernel.closeDescriptors(claimed ?? []);
      },
    );

    test.each(endpoints.map((endpoint) => ({ endpoint, name: nameOf(endpoint) })))(
      'a server that knows nothing listens on $name of a claimed port, and is found as long as it does',
      async ({ endpoint }) => {
        const claimed = claim();
        expect(claimed).toBeDefined();
        expect(listens()).toBe(false);
        const id = await serve(endpoint, ['SO_REUSEADDR']);
        expect(listens()).toBe(true);
        await stranger.close(id);
        expect(listens()).toBe(false);
        kernel.closeDescriptors(claimed ?? []);
      },
    );

    test.each([undefined, '0.0.0.0', '127.0.0.1', '::', '::1'])(
      'a server of Node on the host %s of a claimed port receives what is sent to it',
      async (host) => {
        const claimed = claim();
        await using _server = await listen(host === undefined ? { port } : { port, host });
        const client = net.connect(port, host === '::1' || host === '::' ? '::1' : '127.0.0.1');
        await once(client, 'connect');
        expect(client.remotePort).toBe(port);
        client.destroy();
        kernel.closeDescriptors(claimed ?? []);
      },
    );

    test('a server of another user listens on a claimed port', async (context) => {
      needRoot(context);
      const claimed = claim();
      await using other = startStranger(python as string, NOBODY);
      for (const endpoint of endpoints)
        expect(await other.tryToServe(endpoint, port, ['SO_REUSEADDR'])).toBe('done');
      kernel.closeDescriptors(claimed ?? []);
    });

    test.each(everyServer)(
      'a seal refuses a server with $options on $name',
      async ({ endpoint, options }) => {
        const seal = kernel.takeSeal(port, 'everywhere');
        expect(seal).toBeDefined();
        expect(await stranger.tryToServe(endpoint, port, options)).toBe('EADDRINUSE');
        kernel.closeDescriptors(seal ?? []);
        expect(await stranger.tryToServe(endpoint, port, options)).toBe('done');
      },
    );

    test('a seal refuses servers of other users and of Node', async (context) => {
      needRoot(context);
      const seal = kernel.takeSeal(port, 'everywhere');
      await using other = startStranger(python as string, NOBODY);
      for (const { endpoint, options } of everyServer)
        expect(await other.tryToServe(endpoint, port, options)).toBe('EADDRINUSE');
      for (const host of ['0.0.0.0', '::', '127.0.0.1', '::1'])
        await expect(listen({ port, host })).rejects.toMatchObject({ code: 'EADDRINUSE' });
      kernel.closeDescriptors(seal ?? []);
    });

    test('nothing stays bound where a claim, a check or a seal is refused, and no descriptor open', async () => {
      const [endpoint] = endpoints as [Endpoint];
      await using peer = await startPeer();
      const id = await serve(endpoint, ['SO_REUSEADDR']);
      await peer.kernel('takeSeal', port, 'everywhere');
      const before = await peer.tell.countDescriptors();
      for (let round = 0; round < 3; round++) {
        expect(await peer.kernel('takeHold', port, EVERYWHERE)).toBeUndefined();
        expect(await peer.kernel('takeHoldOverLeftovers', port, EVERYWHERE)).toBeUndefined();
        expect(await peer.kernel('checkStrictly', port, EVERYWHERE)).toBeUndefined();
        expect(await peer.kernel('somethingListens', port, 'everywhere')).toBe(true);
        expect(await peer.kernel('takeSeal', port, 'everywhere')).toBeUndefined();
      }
      expect(await peer.tell.countDescriptors()).toBe(before);
      await stranger.close(id);
      for (const each of endpoints) expect(await stranger.tryToServe(each, port)).toBe('done');
    });
  });
}
