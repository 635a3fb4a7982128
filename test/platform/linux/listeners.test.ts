import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import { platform } from '../../../src/platform/platform.ts';
import { NOBODY, startPeer } from '../../support/kernel-peer.ts';
import { listen, serverCommand, startServer, stopProcess } from '../../support/listening-server.ts';
import { needNamespace, needRoot } from '../../support/needs.ts';
import { reservePorts } from '../../support/port-block.ts';

const byNumber = (a: number, b: number): number => a - b;
const userId = process.getuid?.();

describe('who listens on a port', () => {
  test('is nobody on a free port', async () => {
    await using block = await reservePorts(1);
    expect(platform.findListeners(block.ports[0] as number)).toEqual([]);
  });

  test.each(['127.0.0.1', '0.0.0.0', '::', '::1'])(
    'is the process and its command line, on %s',
    async (host) => {
      await using block = await reservePorts(2);
      const [port, neighbour] = block.ports as [number, number];
      await using server = await startServer(port, host);
      await using _neighbour = await listen({ port: neighbour });
      const command = serverCommand(port, host).join(' ');
      expect(platform.findListeners(port)).toEqual([{ processId: server.pid, command, userId }]);
      await server.stop();
      expect(platform.findListeners(port)).toEqual([]);
    },
  );

  test('is every process that has the listening socket, each once', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const code = `
      const server = net.createServer().listen(${port}, () => {
        const child = child_process.spawn(process.execPath, ['-e', 'process.stdin.resume(); process.stdout.write(String(process.pid))'],
          { stdio: ['pipe', 'inherit', 'inherit', server._handle.fd, server._handle.fd] });
      });`;
    // The child's standard input is the parent's pipe: it ends with the parent.
    const parent = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    await using _end = { [Symbol.asyncDispose]: () => stopProcess(parent) };
    const [childId] = (await once(parent.stdout, 'data')) as [Buffer];
    const found = platform.findListeners(port)?.map(({ processId }) => processId as number);
    expect(found?.toSorted(byNumber)).toEqual([parent.pid as number, Number(childId)].toSorted(byNumber));
  });

  test('is nobody where there are only connections, and a port with a client of this number is not in TIME_WAIT', async () => {
    await using block = await reservePorts(2);
    const [port, clientPort] = block.ports as [number, number];
    await using _server = await listen({ port, host: '127.0.0.1' });
    const client = net.connect({ port, host: '127.0.0.1', localPort: clientPort });
    await once(client, 'connect');
    expect(platform.findListeners(clientPort)).toEqual([]);
    expect(platform.isOnlyInTimeWait(clientPort)).toBe(false);
    expect(platform.isOnlyInTimeWait(port)).toBe(false);
    client.destroy();
  });

  test("is another user's server by its user where its process cannot be looked into", async (context) => {
    needRoot(context);
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    await using server = await startServer(port);
    await using other = await startPeer({ userId: NOBODY });
    expect(await other.kernel('findListeners', port)).toEqual([
      { processId: undefined, command: undefined, userId: 0 },
    ]);
    await server.stop();
    await other.tell.listen({ port });
    expect(platform.findListeners(port)).toEqual([
      { processId: other.pid, command: expect.stringContaining('kernel-peer') as string, userId: NOBODY },
    ]);
  });

  test('is unknown where there is no /proc', async (context) => {
    const wrapper = needNamespace(context, 'mount -t tmpfs none /proc');
    await using peer = await startPeer({ wrapper });
    expect(await peer.tell.listen({ port: 9000 })).toBe(9000);
    expect(await peer.kernel('findListeners', 9000)).toBeUndefined();
    expect(await peer.kernel('isOnlyInTimeWait', 9000)).toBe(false);
  });
});

describe('where something listens', () => {
  test.each([
    ['127.0.0.2', (port: number) => `127.0.0.2:${port}`],
    ['0.0.0.0', (port: number) => `0.0.0.0:${port}`],
    ['::1', (port: number) => `[::1]:${port}`],
    ['::', (port: number) => `[::]:${port}`],
  ])('is its address and port: %s', async (host, expected) => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    expect(platform.findAddressesOfPort(port)).toEqual([]);
    await using server = await startServer(port, host);
    expect(platform.findAddressesOfPort(port)).toEqual([expected(port)]);
    expect(platform.findAddressesOfProcess(server.pid)).toEqual([expected(port)]);
    expect(platform.findAddressesOfProcess(process.pid)).toContain(expected(port));
  });

  test('is also where the children of the process and theirs listen', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const command = serverCommand(port, '::1').join(' ');
    const shell = spawn('sh', ['-c', `(${command}; true) & cat >/dev/null`], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    await once(shell.stdout, 'data');
    expect(platform.findAddressesOfProcess(shell.pid as number)).toEqual([`[::1]:${port}`]);
    const [listener] = platform.findListeners(port) ?? [];
    process.kill(listener?.processId as number, 'SIGKILL');
    const ended = once(shell, 'exit');
    shell.stdin.end();
    await ended;
    expect(platform.findAddressesOfProcess(shell.pid as number)).toEqual([]);
  });
});
