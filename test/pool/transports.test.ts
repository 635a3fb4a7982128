/** Ports that are free for UDP, too. */
import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { InvalidOptionError, PortPoolExhaustedError, PortTakenError, TCPPortOwner } from '../../src/index.ts';
import { platform } from '../../src/platform/platform.ts';
import { errorOf } from '../support/catch-error.ts';
import { cleanEnvironment } from '../support/environment.ts';
import { hasHolds, tellsUDPUsers } from '../support/kernel-traits.ts';
import { listen } from '../support/listening-server.ts';
import { startProcess } from '../support/live-process.ts';
import { needProgram } from '../support/needs.ts';
import { startPortWorker } from '../support/port-worker.ts';
import { openTestPool } from '../support/test-pool.ts';

const BOTH = { transports: ['tcp', 'udp'] } as const;

interface UDPServer extends AsyncDisposable {
  readonly socket: Socket;
}

async function serveUDP(
  port: number,
  address?: string,
  options: SocketOptions = { type: address?.includes(':') === false ? 'udp4' : 'udp6' },
): Promise<UDPServer> {
  const socket = createSocket(options);
  socket.bind({ port, ...(address === undefined ? {} : { address }), exclusive: true });
  await once(socket, 'listening');
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    socket.close();
    await once(socket, 'close');
  };
  return { socket, [Symbol.asyncDispose]: close };
}

async function askUDP(port: number): Promise<string> {
  const client = createSocket('udp4');
  client.connect(port, '127.0.0.1');
  await once(client, 'connect');
  client.send('ping');
  const [answer] = (await once(client, 'message')) as [Buffer];
  client.close();
  return answer.toString();
}

describe('a port for UDP and TCP', () => {
  test('is served on both by Node', async () => {
    await using _opened = await openTestPool(1);
    using owner = await TCPPortOwner.acquire(BOTH);
    await using udp = await serveUDP(owner.port);
    await using _tcp = await listen({ port: owner.port });
    udp.socket.on('message', (message, { port, address }) =>
      udp.socket.send(`${message.toString()} pong`, port, address),
    );
    expect(await askUDP(owner.port)).toBe('ping pong');
  });

  test('is served on UDP by Python', async (context) => {
    const program = needProgram(context, 'python3');
    await using _opened = await openTestPool(1);
    using owner = await TCPPortOwner.acquire(BOTH);
    const server = `
import socketserver
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        data, socket = self.request
        socket.sendto(data + b' from Python', self.client_address)
with socketserver.UDPServer(('', ${owner.port}), Echo) as server:
    print('ready', flush=True)
    server.serve_forever()
`;
    const options = { env: cleanEnvironment(), stdout: 'pipe' } as const;
    await using python = startProcess([program, '-c', server], options);
    await once(python.child.stdout as NodeJS.ReadableStream, 'data');
    expect(await askUDP(owner.port)).toBe('ping from Python');
  });

  test.each(['0.0.0.0', '127.0.0.1', '::', '::1'])(
    'is not the one that somebody has for UDP on %s',
    async (address) => {
      await using opened = await openTestPool(3, { workers: 1 });
      const [taken] = opened.ports as [number];
      await using _stranger = await serveUDP(taken, address);
      const owners = await TCPPortOwner.acquireMany(2, BOTH);
      expect(new Set(owners.map(Number))).toEqual(new Set(opened.ports.slice(1)));
      // For TCP alone it will do.
      using last = new TCPPortOwner();
      expect(last.port).toBe(taken);
    },
  );

  test.each<[string, SocketOptions]>([
    ['SO_REUSEADDR', { type: 'udp4', reuseAddr: true }],
    ['SO_REUSEPORT', { type: 'udp4', reusePort: true }],
    ['SO_REUSEADDR for IPv6 alone', { type: 'udp6', reuseAddr: true, ipv6Only: true }],
  ])('is not the one that somebody shares for UDP with %s', async (_what, options) => {
    await using opened = await openTestPool(1);
    const [port] = opened.ports as [number];
    await using _stranger = await serveUDP(port, undefined, options);
    const error = await errorOf(PortPoolExhaustedError, () => new TCPPortOwner(BOTH));
    expect(error.facts).toMatchObject({ takenForUDP: 1, strictlyRefused: 0, listenedOnByStrangers: 0 });
    expect(error.message).toContain("other programs' sockets, 1 taken for UDP.");
  });

  test('is not counted as taken for UDP where it is asked for TCP alone', async () => {
    await using opened = await openTestPool(1);
    await using _stranger = await serveUDP(opened.ports[0] as number);
    using _owner = new TCPPortOwner();
    const error = await errorOf(PortPoolExhaustedError, () => new TCPPortOwner());
    expect(error.facts.takenForUDP).toBe(0);
    expect(error.message).not.toContain('UDP');
  });

  test('as an exact port tells who has it for UDP, and is waited for', async () => {
    await using opened = await openTestPool(1);
    const [port] = opened.ports as [number];
    const stranger = await serveUDP(port);
    const user = tellsUDPUsers ? `this test process itself (pid ${process.pid})` : 'some process';
    const error = await errorOf(PortTakenError, () => new TCPPortOwner({ port, ...BOTH }));
    expect(error.message).toBe(
      `Port ${port} is free for TCP, but ${user} has it for UDP. ` +
        "Stop that process, take another port, or leave 'udp' out of transports. " +
        `More: npx portslice who ${port}`,
    );
    const waiting = TCPPortOwner.acquire({ port, ...BOTH });
    await expect.poll(() => opened.pool.stats().waits).toBe(1);
    await stranger[Symbol.asyncDispose]();
    using owner = await waiting;
    expect(owner.port).toBe(port);
  });

  test('is had from a killed worker, unless its server goes on with UDP', async () => {
    await using opened = await openTestPool(1);
    const [port] = opened.ports as [number];
    const worker = startPortWorker({ env: opened.env });
    await worker.call('claim', { port });
    await worker.kill();
    {
      await using _stranger = await serveUDP(port);
      await errorOf(PortPoolExhaustedError, () => new TCPPortOwner(BOTH));
    }
    using owner = new TCPPortOwner(BOTH);
    expect(owner.port).toBe(port);
  });

  test('can be one of a row', async () => {
    await using opened = await openTestPool(3);
    const distance = (opened.ports[1] as number) - (opened.ports[0] as number);
    await using _stranger = await serveUDP(opened.ports[0] as number);
    const request = TCPPortOwner.acquireMany(2, {
      offsets: [0, distance],
      port: opened.ports[0],
      ...BOTH,
      acquireTimeoutMs: 0,
    });
    await expect(request).rejects.toMatchObject({ code: 'PORTSLICE_PORT_TAKEN', port: opened.ports[0] });
    expect(opened.pool.stats().currentlyAllocatedPorts).toBe(0);
  });

  test('keeps its place while somebody has it for UDP: for TCP alone it is not the last one', async () => {
    await using opened = await openTestPool(2, { restMs: 60_000 });
    const [used, taken] = opened.ports as [number, number];
    new TCPPortOwner({ port: used }).cleanup();
    await using _stranger = await serveUDP(taken);
    await errorOf(PortPoolExhaustedError, () => new TCPPortOwner({ ...BOTH, excludedPorts: [used] }));
    using next = new TCPPortOwner();
    expect(next.port).toBe(taken);
  });

  test('leaves no descriptor of its check, whatever comes out', async () => {
    await using opened = await openTestPool(1);
    const [port] = opened.ports as [number];
    const kernel = platform.openKernel();
    await using stranger = await serveUDP(port);
    const before = readdirSync('/proc/self/fd').length;
    expect(kernel.udpIsFree(port)).toBe(false);
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
    await stranger[Symbol.asyncDispose]();
    expect(kernel.udpIsFree(port)).toBe(true);
    expect(readdirSync('/proc/self/fd')).toHaveLength(before - 1);
  });
});

test("['udp'] alone has the guard of TCP as well", async () => {
  await using opened = await openTestPool(1);
  using owner = new TCPPortOwner({ transports: ['udp'] });
  expect(opened.pool.snapshot()).toMatchObject([{ port: owner.port, state: 'held' }]);
  const kernel = platform.openKernel();
  const unheld = { kind: 'checked', descriptors: [], addresses: 'everywhere' };
  expect(kernel.checkStrictly(owner.port, { addresses: 'everywhere' })).toEqual(
    hasHolds ? undefined : unheld,
  );
  expect(kernel.udpIsFree(owner.port)).toBe(true);
});

test.each([[[]], [['sctp']], ['udp'], [[undefined]]])(
  'transports: %j is an invalid option',
  async (transports) => {
    await using _opened = await openTestPool(1);
    const error = await errorOf(
      InvalidOptionError,
      () => new TCPPortOwner({ transports: transports as never }),
    );
    expect(error.message).toMatch(/^transports is .*; expected \['tcp'\], or \['tcp', 'udp'\] for a port/);
  },
);
