import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { platform } from '../../../src/platform/platform.ts';
import type { Hold, InternetAddress } from '../../../src/platform/port-kernel.ts';
import { NOBODY } from '../../support/kernel-peer.ts';
import { listen } from '../../support/listening-server.ts';
import { needRoot, programOrNothing } from '../../support/needs.ts';
import { type QuietPorts, reserveQuietPorts } from '../../support/quiet-ports.ts';
import { ENDPOINTS, type SocketOption, startStranger, type Stranger } from '../../support/stranger.ts';
import { EVERYWHERE, nameOf } from '../conformance/holds.ts';

const kernel = platform.openKernel();
const python = programOrNothing('python3');
const EVERY_WAY: readonly (readonly SocketOption[])[] = [
  [],
  ['SO_REUSEADDR'],
  ['SO_REUSEPORT'],
  ['SO_REUSEADDR', 'SO_REUSEPORT'],
];
const everyServer = EVERY_WAY.flatMap((options) =>
  ENDPOINTS.map((endpoint) => ({ endpoint, options, name: nameOf(endpoint) })),
);

describe.skipIf(python === undefined)('a sealed port', () => {
  let ports: QuietPorts;
  let stranger: Stranger;
  let port: number;
  let hold: Hold;
  let seal: number[] | undefined;
  beforeAll(async () => {
    ports = await reserveQuietPorts();
    stranger = startStranger(python as string);
  });
  afterAll(async () => {
    await Promise.all([stranger.stop(), ports[Symbol.asyncDispose]()]);
  });
  beforeEach(() => {
    port = ports.next();
    hold = kernel.takeHold(port, EVERYWHERE) as Hold;
  });
  afterEach(() => kernel.closeDescriptors(seal ?? []));

  /** As the pool does it: the hold is closed first. */
  function sealPort(): void {
    kernel.closeDescriptors(hold.descriptors);
    seal = kernel.takeSeal(port, hold.addresses);
  }

  test.each(everyServer)('refuses a server with $options on $name', async ({ endpoint, options }) => {
    sealPort();
    expect(seal).toHaveLength(1);
    expect(await stranger.tryToServe(endpoint, port, options)).toBe('EADDRINUSE');
  });

  test('refuses the servers of other users', async (context) => {
    needRoot(context);
    sealPort();
    await using other = startStranger(python as string, NOBODY);
    for (const { endpoint, options } of everyServer)
      expect(await other.tryToServe(endpoint, port, options)).toBe('EADDRINUSE');
  });

  test("refuses Node's servers, with reusePort too", async () => {
    sealPort();
    for (const reusePort of [false, true]) {
      for (const host of ['0.0.0.0', '::', '127.0.0.1'])
        await expect(listen({ port, host, reusePort })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    }
  });

  test.each(everyServer.filter(({ options }) => options.includes('SO_REUSEADDR')))(
    'refuses a late server that was bound to $name with $options while the port was held',
    async ({ endpoint, options }) => {
      const late = await stranger.open(endpoint, options);
      expect(await stranger.bind(late, endpoint, port)).toBe('done');
      sealPort();
      expect(seal).toHaveLength(1);
      expect(await stranger.listen(late)).toBe('EADDRINUSE');
      await stranger.close(late);
      expect(await stranger.tryToServe(endpoint, port, options)).toBe('EADDRINUSE');
    },
  );

  test.each(everyServer)(
    'serves $name with $options again once the seal is closed',
    async ({ endpoint, options }) => {
      sealPort();
      kernel.closeDescriptors(seal ?? []);
      seal = undefined;
      expect(await stranger.tryToServe(endpoint, port, options)).toBe('done');
      const again = kernel.takeHold(port, EVERYWHERE) as Hold;
      expect(again.descriptors).toHaveLength(1);
      kernel.closeDescriptors(again.descriptors);
    },
  );

  test('is not possible while something listens, and then nothing stays bound', async () => {
    const server = await listen({ port });
    sealPort();
    expect(seal).toBeUndefined();
    await server.close();
    expect(await stranger.tryToServe({ family: 'ipv6', host: '::', dual: true }, port)).toBe('done');
  });

  test('can be one of exact addresses', async () => {
    const exactAddresses: InternetAddress[] = [1, 2].map((last) => ({
      family: 'ipv4',
      bytes: Uint8Array.of(127, 0, 0, last),
      scopeId: 0,
      dual: false,
    }));
    kernel.closeDescriptors(hold.descriptors);
    await using _foreign = await listen({ port, host: '::1' });
    hold = kernel.takeHoldOverLeftovers(port, { exactAddresses }) as Hold;
    expect(hold.addresses).toBe(exactAddresses);
    sealPort();
    expect(seal).toHaveLength(2);
    const outcome = (host: string) => stranger.tryToServe({ family: 'ipv4', host }, port, ['SO_REUSEADDR']);
    expect([await outcome('127.0.0.1'), await outcome('127.0.0.2'), await outcome('127.0.0.3')]).toEqual([
      'EADDRINUSE',
      'EADDRINUSE',
      'done',
    ]);
  });
});
