import { describe, expect, test } from 'vitest';
import { libc, type LibC } from '../../../src/platform/linux/libc.ts';
import { readListeningSockets } from '../../../src/platform/linux/listeners.ts';
import { listSockets } from '../../../src/platform/linux/proc.ts';
import { dumpListeningSockets } from '../../../src/platform/linux/socket-diagnosis.ts';
import type { ListeningSocket } from '../../../src/platform/port-kernel.ts';
import { countDescriptors } from '../../support/descriptors.ts';
import { listen } from '../../support/listening-server.ts';
import { reservePorts } from '../../support/port-block.ts';

function onPorts(
  sockets: readonly ListeningSocket[] | undefined,
  ports: readonly number[],
): ListeningSocket[] | undefined {
  return sockets
    ?.filter(({ port }) => ports.includes(port))
    .toSorted((a, b) => a.port - b.port || a.address.localeCompare(b.address));
}

/** Other tests listen now and then. */
async function dumpUnchanged(): Promise<readonly ListeningSocket[] | undefined> {
  await expect.poll(() => dumpListeningSockets(libc()) === dumpListeningSockets(libc())).toBe(true);
  return dumpListeningSockets(libc());
}

describe('The kernel’s table of listening sockets', () => {
  test('has what /proc has, and closes what it opens', async () => {
    await using block = await reservePorts(5);
    const [any, four, six, mapped, unused] = block.ports as [number, number, number, number, number];
    await using _any = await listen({ port: any });
    await using _four = await listen({ port: four, host: '127.0.0.2' });
    await using _six = await listen({ port: six, host: '::1' });
    await using _mapped = await listen({ port: mapped, host: '::ffff:127.0.0.1' });
    const before = countDescriptors();
    const sockets = onPorts(dumpListeningSockets(libc()), block.ports);
    expect(countDescriptors()).toBe(before);
    const own = { userId: process.getuid?.(), socketId: expect.stringMatching(/^\d+$/) as string };
    expect(sockets).toEqual([
      { port: any, address: '::', ...own },
      { port: four, address: '127.0.0.2', ...own },
      { port: six, address: '::1', ...own },
      { port: mapped, address: '::ffff:7f00:1', ...own },
    ]);
    expect(sockets).toEqual(onPorts(readListeningSockets(), [...block.ports, unused]));
    const ids = new Set(listSockets(process.pid));
    expect(sockets?.filter(({ socketId }) => !ids.has(socketId))).toEqual([]);
  });

  test('is the same array until something changes', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const before = await dumpUnchanged();
    const server = await listen({ port });
    const during = await dumpUnchanged();
    await server.close();
    const after = await dumpUnchanged();
    expect([before, during, after].map((sockets) => onPorts(sockets, block.ports)?.length)).toEqual([
      0, 1, 0,
    ]);
  });

  test('holds more sockets than one answer does', async () => {
    await using block = await reservePorts(40);
    const servers = await Promise.all(
      block.ports.flatMap((port) =>
        Array.from({ length: 10 }, async (_, index) => listen({ port, host: `127.0.1.${index + 1}` })),
      ),
    );
    const found = onPorts(dumpListeningSockets(libc()), block.ports);
    await Promise.all(servers.map(async (server) => server.close()));
    expect(found).toHaveLength(400);
  });

  test.each<[string, Partial<LibC>]>([
    ['opens such a socket', { socket: () => -1 }],
    ['takes the question', { send: () => -1 }],
    ['answers', { recv: () => -1 }],
  ])('is unknown where the kernel never %s', (_what, broken) => {
    const before = countDescriptors();
    expect(dumpListeningSockets({ ...libc(), ...broken })).toBeUndefined();
    expect(countDescriptors()).toBe(before);
  });
});
