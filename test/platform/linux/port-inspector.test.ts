import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, test, type TestContext } from 'vitest';
import { hasBoundSockets } from '../../../src/platform/linux/port-inspector.ts';
import { platform } from '../../../src/platform/platform.ts';
import { portInspector, type PortSocket } from '../../../src/platform/port-inspector.ts';
import { NOBODY, startPeer } from '../../support/kernel-peer.ts';
import { leaveTimeWait, listen, startServer } from '../../support/listening-server.ts';
import { needProgram, needRoot } from '../../support/needs.ts';
import { reservePorts } from '../../support/port-block.ts';
import { runScript } from '../../support/run-script.ts';
import { startStranger } from '../../support/stranger.ts';

const userId = process.getuid?.();

function tcpSockets(port: number): readonly PortSocket[] {
  return portInspector.findSockets(new Set([port])).tcp ?? [];
}

/** Whether the kernel is new enough, no setup changes: so CI skips it, too. */
function needBoundSockets(context: TestContext): void {
  if (!portInspector.findSockets(new Set()).tellsBound) context.skip('This kernel does not tell of them.');
}

describe('the sockets of a port', () => {
  test('are those that listen, with address, user and processes', async () => {
    await using block = await reservePorts(2);
    const [port, neighbour] = block.ports as [number, number];
    await using server = await startServer(port, '127.0.0.2');
    await using _other = await listen({ port, host: '::1' });
    await using _neighbour = await listen({ port: neighbour });
    const common = { port, state: 'listening', peer: undefined, userId };
    const sockets = tcpSockets(port).toSorted((a, b) => a.address.localeCompare(b.address));
    expect(sockets).toEqual([
      { ...common, address: '::1', processIds: [process.pid] },
      { ...common, address: '127.0.0.2', processIds: [server.pid] },
    ]);
  });

  test('are those that are only bound, which /proc does not have', async (context) => {
    needBoundSockets(context);
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    await using stranger = startStranger(needProgram(context, 'python3'));
    const endpoint = { family: 'ipv4', host: '127.0.0.1' } as const;
    await stranger.bind(await stranger.open(endpoint), endpoint, port);
    expect(tcpSockets(port)).toEqual([
      {
        port,
        state: 'bound',
        address: '127.0.0.1',
        peer: undefined,
        userId,
        processIds: [expect.any(Number)],
      },
    ]);
    await stranger.stop();
    expect(tcpSockets(port)).toEqual([]);
  });

  test('are both ends of a connection, each at its own port', async () => {
    await using block = await reservePorts(2);
    const [port, clientPort] = block.ports as [number, number];
    await using _server = await listen({ port, host: '127.0.0.1' });
    const client = net.connect({ port, host: '127.0.0.1', localPort: clientPort });
    await once(client, 'connect');
    const common = { state: 'connected', address: '127.0.0.1', userId, processIds: [process.pid] };
    // It has a process when it is accepted.
    await expect
      .poll(() => tcpSockets(port))
      .toContainEqual({ ...common, port, peer: { address: '127.0.0.1', port: clientPort } });
    expect(tcpSockets(clientPort)).toEqual([
      { ...common, port: clientPort, peer: { address: '127.0.0.1', port } },
    ]);
    client.destroy();
    await once(client, 'close');
  });

  test('are what a server has left behind, which is nobody’s', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    await leaveTimeWait(port);
    const [left, ...others] = tcpSockets(port);
    expect(left).toMatchObject({ port, state: 'time-wait', userId: undefined, processIds: [] });
    expect(others).toEqual([]);
  });

  test('are of another user, by its number where its processes cannot be looked into', async (context) => {
    needRoot(context);
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    await using other = await startPeer({ userId: NOBODY });
    await other.tell.listen({ port });
    expect(tcpSockets(port)).toMatchObject([{ userId: NOBODY, processIds: [other.pid] }]);
  });

  test('are told by /proc where the kernel’s table is not open to us, but not those that are only bound', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    await using server = await startServer(port, '127.0.0.1');
    const code = `
      const { portInspector } = await import('./src/platform/port-inspector.ts');
      console.log(JSON.stringify(portInspector.findSockets(new Set([${port}]))));
    `;
    const { stdout, stderr } = await runScript(code, { nodeOptions: ['--no-addons'] });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      tcp: [{ port, state: 'listening', address: '127.0.0.1', userId, processIds: [server.pid] }],
      tellsBound: false,
      udp: [],
    });
  });

  test.each([
    ['6.8.0-45-generic', true],
    ['6.12.5-amd64', true],
    ['7.0', true],
    ['6.7.12', false],
    ['5.15.167.4-microsoft-standard-WSL2', false],
    ['unknown', false],
  ])('of Linux %s are those that are only bound: %s', (version, expected) => {
    expect(hasBoundSockets(version)).toBe(expected);
  });
});

test('A hold is a bound socket of its process', async (context) => {
  needBoundSockets(context);
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  const kernel = platform.openKernel();
  const hold = kernel.takeHold(port, { addresses: 'everywhere' });
  expect(tcpSockets(port)).toMatchObject([{ state: 'bound', address: '::', processIds: [process.pid] }]);
  kernel.closeDescriptors(hold?.descriptors ?? []);
});
