/** Check, probe and seal on Windows are one exclusive bind, against real servers of Node. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { platform } from '../../../src/platform/platform.ts';
import type { HoldTarget } from '../../../src/platform/port-kernel.ts';
import { type KernelPeer, startPeer, startPeerThread } from '../../support/kernel-peer.ts';
import { listen, stopProcess } from '../../support/listening-server.ts';
import { type PortBlock, reservePorts } from '../../support/port-block.ts';
import { until } from '../../support/until.ts';

const EVERYWHERE: HoldTarget = { addresses: 'everywhere' };
const UNHELD = { kind: 'checked', descriptors: [], addresses: 'everywhere' };
const HOSTS = [undefined, '0.0.0.0', '127.0.0.1', '::1', '127.9.9.9'];
const kernel = platform.openKernel();
const family = (host: string) => kernel.holdTargetFor([host], 'dual');

let block: PortBlock;
let peer: KernelPeer;
let position = 0;
beforeAll(async () => {
  [block, peer] = await Promise.all([reservePorts(40), startPeer()]);
});
afterAll(() => peer.kill());
const nextPort = (): number => block.ports[position++ % block.ports.length] as number;
const listenThere = async (port: number, host: string | undefined): Promise<string | number> =>
  peer.tell.listen(host === undefined ? { port } : { port, host });

describe.each(HOSTS.map((host) => ({ host, name: host ?? 'every address' })))(
  'a server on $name',
  ({ host }) => {
    test('is seen by check and probe, and keeps the seal away, until it ends', async () => {
      const port = nextPort();
      expect(kernel.checkStrictly(port, EVERYWHERE)).toEqual(UNHELD);
      expect(await listenThere(port, host)).toBe(port);
      expect(kernel.checkStrictly(port, EVERYWHERE)).toBeUndefined();
      expect(kernel.takeHold(port, EVERYWHERE)).toBeUndefined();
      expect(kernel.takeHoldOverLeftovers(port, EVERYWHERE)).toBeUndefined();
      expect(kernel.somethingListens(port, 'everywhere')).toBe(true);
      expect(kernel.takeSeal(port, 'everywhere')).toBeUndefined();
      expect(platform.findListeners(port)).toHaveLength(1);
      expect(platform.findListeningPorts()?.has(port)).toBe(true);
      await peer.tell.closeServers();
      expect(kernel.somethingListens(port, 'everywhere')).toBe(false);
      expect(kernel.takeHold(port, EVERYWHERE)).toEqual(UNHELD);
    });

    test('is refused by a seal, and listens after it', async () => {
      const port = nextPort();
      const seal = kernel.takeSeal(port, 'everywhere') as number[];
      expect(seal).toHaveLength(1);
      expect(await listenThere(port, host)).toMatch(/^(?:EACCES|EADDRINUSE)$/);
      expect(kernel.somethingListens(port, 'everywhere')).toBe(true);
      kernel.closeDescriptors(seal);
      expect(await listenThere(port, host)).toBe(port);
      await peer.tell.closeServers();
    });

    test('listens after a check, which leaves nothing behind', async () => {
      const port = nextPort();
      expect(kernel.takeHold(port, EVERYWHERE)).toEqual(UNHELD);
      expect(await listenThere(port, host)).toBe(port);
      await peer.tell.closeServers();
    });
  },
);

test('A port with a server elsewhere is free on the named host, and taken where that server is on every address', async () => {
  const port = nextPort();
  const target = family('127.0.0.1');
  await using server = await listen({ port, host: '127.9.9.9' });
  expect(kernel.checkStrictly(port, target)).toEqual({ kind: 'checked', descriptors: [], ...target });
  expect(kernel.takeHoldOverLeftovers(port, target)).toEqual({ kind: 'checked', descriptors: [], ...target });
  expect(kernel.somethingListens(port, target.addresses)).toBe(false);
  expect(kernel.checkStrictly(port, family('127.9.9.9'))).toBeUndefined();
  expect(kernel.somethingListens(port, family('127.9.9.9').addresses)).toBe(true);
  await server.close();
  await using _everywhere = await listen({ port, host: '0.0.0.0' });
  expect(kernel.checkStrictly(port, target)).toBeUndefined();
  expect(kernel.takeHoldOverLeftovers(port, target)).toBeUndefined();
  expect(kernel.somethingListens(port, target.addresses)).toBe(true);
});

test('A seal is not inherited by the processes that its process starts', async () => {
  const port = nextPort();
  const seal = kernel.takeSeal(port, 'everywhere') as number[];
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    // libuv has Windows inherit every handle that may be inherited.
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await using _end = { [Symbol.asyncDispose]: () => stopProcess(child) };
  await once(child, 'spawn');
  kernel.closeDescriptors(seal);
  expect(await listenThere(port, undefined)).toBe(port);
  await peer.tell.closeServers();
  expect(child.exitCode).toBeNull();
});

test('A seal ends with its process, however that ends', async () => {
  const port = nextPort();
  await using victim = await startPeer();
  expect(await victim.kernel('takeSeal', port, 'everywhere')).toHaveLength(1);
  expect(kernel.takeHold(port, EVERYWHERE)).toBeUndefined();
  await victim.kill();
  expect(kernel.takeHold(port, EVERYWHERE)).toEqual(UNHELD);
});

test('The lock of a terminated thread is free at once, and its seal when others clean up', async () => {
  const port = nextPort();
  const thread = await startPeerThread();
  expect(await thread.kernel('takeLock', port)).toBeTypeOf('number');
  expect(await thread.kernel('takeSeal', port, 'everywhere')).toHaveLength(1);
  expect(kernel.closeOrphans()).toBe(0);
  await thread.kill();
  const lock = kernel.takeLock(port) as number;
  expect(lock).toBeTypeOf('number');
  expect(kernel.takeHold(port, EVERYWHERE)).toBeUndefined();
  expect(kernel.closeOrphans()).toBe(2);
  expect(kernel.closeOrphans()).toBe(0);
  expect(kernel.takeHold(port, EVERYWHERE)).toEqual(UNHELD);
  kernel.closeDescriptors([lock]);
});

test.each(['0.0.0.0', '127.0.0.1', '::', '::1'])(
  'A port is free for UDP unless a socket is bound to %s',
  async (address) => {
    const port = nextPort();
    expect(kernel.udpIsFree(port)).toBe(true);
    const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', reuseAddr: true });
    socket.bind({ port, address, exclusive: true });
    await once(socket, 'listening');
    expect(kernel.udpIsFree(port)).toBe(false);
    expect(kernel.checkStrictly(port, EVERYWHERE)).toEqual(UNHELD);
    socket.close();
    await once(socket, 'close');
    expect(kernel.udpIsFree(port)).toBe(true);
  },
);

test('Connections that an earlier server has left are no listener', async () => {
  const port = nextPort();
  const server = net.createServer((socket) => socket.end()).listen(port, '127.0.0.1');
  await once(server, 'listening');
  await once(net.connect(port, '127.0.0.1').resume(), 'close');
  server.close();
  await once(server, 'close');
  await until('TIME_WAIT', () => platform.isOnlyInTimeWait(port));
  expect(kernel.somethingListens(port, 'everywhere')).toBe(false);
  expect(platform.findListeners(port)).toEqual([]);
  expect(kernel.takeHoldOverLeftovers(port, EVERYWHERE)).toEqual(UNHELD);
});
