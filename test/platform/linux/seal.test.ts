import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ipv4Address, IPV4_LOOPBACK } from '../../../src/platform/internet-address.ts';
import { bindOne } from '../../../src/platform/linux/bound-addresses.ts';
import { HELD_OVER_OTHERS } from '../../../src/platform/linux/hold.ts';
import { libc } from '../../../src/platform/linux/libc.ts';
import { startListening } from '../../../src/platform/linux/sockets.ts';
import { platform } from '../../../src/platform/platform.ts';
import type { Hold, InternetAddress } from '../../../src/platform/port-kernel.ts';
import { NOBODY } from '../../support/kernel-peer.ts';
import { listen, stopProcess } from '../../support/listening-server.ts';
import { needRoot, programOrNothing } from '../../support/needs.ts';
import { type QuietPorts, reserveQuietPorts } from '../../support/quiet-ports.ts';
import {
  type Endpoint,
  ENDPOINTS,
  type SocketOption,
  startStranger,
  type Stranger,
} from '../../support/stranger.ts';
import { EVERYWHERE, nameOf } from '../conformance/holds.ts';

const kernel = platform.openKernel();
const python = programOrNothing('python3');
const EVERY_WAY: readonly (readonly SocketOption[])[] = [
  [],
  ['SO_REUSEADDR'],
  ['SO_REUSEPORT'],
  ['SO_REUSEADDR', 'SO_REUSEPORT'],
];
const localhosts: readonly InternetAddress[] = [ipv4Address(127, 0, 0, 1), ipv4Address(127, 0, 0, 2)];
const everyServer = EVERY_WAY.flatMap((options) =>
  ENDPOINTS.map((endpoint) => ({ endpoint, options, name: nameOf(endpoint) })),
);

/** A child has copies from its fork to its exec; this one has them for as long as it lives. */
async function startChildWithCopies(descriptors: readonly number[]): Promise<AsyncDisposable> {
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit', ...descriptors] });
  // It answers, so it has begun.
  child.stdin?.write('begun');
  await once(child.stdout as Readable, 'data');
  return { [Symbol.asyncDispose]: () => stopProcess(child) };
}

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

  describe('that was sealed while a child still had copies of the hold', () => {
    test.each(everyServer.filter(({ options }) => options.length > 0))(
      'refuses every server, during the life of the child and after it, though $name was served with $options',
      async ({ endpoint: servedOn, options: servedWith }) => {
        expect(await stranger.tryToServe(servedOn, port, servedWith)).toBe('done');
        {
          await using _child = await startChildWithCopies(hold.descriptors);
          sealPort();
          expect(seal).toHaveLength(1);
          for (const { endpoint, options } of everyServer)
            expect(await stranger.tryToServe(endpoint, port, options)).toBe('EADDRINUSE');
        }
        for (const { endpoint, options } of everyServer)
          expect(await stranger.tryToServe(endpoint, port, options)).toBe('EADDRINUSE');
        kernel.closeDescriptors(seal ?? []);
        seal = undefined;
        const again = kernel.takeHold(port, EVERYWHERE);
        expect(again).toBeDefined();
        kernel.closeDescriptors(again?.descriptors ?? []);
      },
    );

    test('is guarded by its hold until it is sealed, though the child has a copy of a server that has ended', async () => {
      const endpoint: Endpoint = { family: 'ipv4', host: '127.0.0.1' };
      const server = bindOne(libc(), port, IPV4_LOOPBACK, HELD_OVER_OTHERS) as number;
      expect(startListening(libc(), server)).toBe(0);
      {
        await using _child = await startChildWithCopies([server]);
        libc().close(server);
        // As the pool looks before it closes the hold: no seal is tried as long as this is true.
        expect(kernel.somethingListens(port, 'everywhere')).toBe(true);
        expect(await stranger.tryToServe(endpoint, port)).toBe('EADDRINUSE');
      }
      expect(kernel.somethingListens(port, 'everywhere')).toBe(false);
      sealPort();
      expect(seal).toHaveLength(1);
    });
  });

  test('of exact addresses is not possible while a server listens on one of them, and then nothing stays bound', async () => {
    kernel.closeDescriptors(hold.descriptors);
    await using _foreign = await listen({ port, host: '::1' });
    for (const host of ['127.0.0.1', '127.0.0.2']) {
      hold = kernel.takeHoldOverLeftovers(port, { addresses: localhosts }) as Hold;
      await using _leaked = await listen({ port, host });
      sealPort();
      expect(seal).toBeUndefined();
      const other = host === '127.0.0.1' ? '127.0.0.2' : '127.0.0.1';
      expect(await stranger.tryToServe({ family: 'ipv4', host: other }, port)).toBe('done');
    }
  });

  test('can be one of exact addresses', async () => {
    kernel.closeDescriptors(hold.descriptors);
    await using _foreign = await listen({ port, host: '::1' });
    hold = kernel.takeHoldOverLeftovers(port, { addresses: localhosts }) as Hold;
    expect(hold.addresses).toBe(localhosts);
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
