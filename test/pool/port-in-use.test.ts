import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import { systemNeeds } from '../../scripts/system-needs.ts';
import { HostError, InvalidOptionError, portIsInUse, TCPPortOwner } from '../../src/index.ts';
import { isOnlyInTimeWait } from '../../src/platform/linux/listeners.ts';
import { errorOf } from '../support/catch-error.ts';
import { seesEveryAddress } from '../support/kernel-traits.ts';
import { listen, startServer, stopProcess } from '../support/listening-server.ts';
import { releaseSealed } from '../support/pool-internals.ts';
import { reservePorts } from '../support/port-block.ts';
import { startPortThread, startPortWorker } from '../support/port-worker.ts';
import { openTestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';

const { python3 } = systemNeeds();

/** Connects, and lets the server close first, so that the server's port is left in TIME_WAIT. */
async function leaveTimeWait(port: number): Promise<void> {
  const client = net.connect({ port, host: '127.0.0.1' });
  client.resume();
  await once(client, 'end');
  client.end();
  await once(client, 'close');
  await until('the connection is in TIME_WAIT', () => isOnlyInTimeWait(port));
}

test('a free port is not in use, and asking leaves nothing behind', async () => {
  await using block = await reservePorts(1);
  const [port] = block.ports as [number];
  expect([portIsInUse(port), portIsInUse(port)]).toEqual([false, false]);
  await using _server = await listen({ port, exclusive: true });
  expect(portIsInUse(port)).toBe(true);
});

describe('a listener', () => {
  test.each(['0.0.0.0', '::', '127.0.0.1', '::1', ...(seesEveryAddress ? ['127.0.0.9'] : [])])(
    'on %s only makes its port in use',
    async (host) => {
      await using block = await reservePorts(1);
      const [port] = block.ports as [number];
      await using server = await listen({ port, host, ipv6Only: host === '::' });
      expect(portIsInUse(port)).toBe(true);
      await server.close();
      expect(portIsInUse(port)).toBe(false);
    },
  );

  test('of another process makes its port in use until it ends', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    await using server = await startServer(port);
    expect(portIsInUse(port)).toBe(true);
    await server.stop();
    expect(portIsInUse(port)).toBe(false);
  });

  test.each([
    [{ hosts: ['127.0.0.1'] }, false],
    [{ hosts: ['::1'] }, true],
    [{ hosts: ['127.0.0.1', '::1'] }, true],
    [{ socketAddressFamily: 'ipv4' }, false],
    [{ socketAddressFamily: 'ipv6' }, true],
    [{ hosts: ['localhost'], socketAddressFamily: 'ipv4' }, false],
  ] as const)('on ::1 counts for %o: %s', async (options, expected) => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    await using _server = await listen({ port, host: '::1' });
    expect(portIsInUse(port, options)).toBe(expected);
  });
});

describe('an owner', () => {
  test('of one’s own is no use as long as nothing listens', async () => {
    await using _opened = await openTestPool(1);
    using owner = new TCPPortOwner();
    expect(portIsInUse(owner.port)).toBe(false);
    await using server = await listen({ port: owner.port });
    expect(portIsInUse(owner.port)).toBe(true);
    await server.close();
    expect(portIsInUse(owner.port)).toBe(false);
  });

  test('of another process is a use, and not disturbed by the question', async () => {
    await using opened = await openTestPool(1);
    await using worker = startPortWorker({ env: opened.env });
    const port = await worker.call('claim');
    expect(portIsInUse(port)).toBe(true);
    expect(await worker.call('isInUse', port)).toBe(false);
    await worker.call('listen', port);
    expect(await worker.call('isInUse', port)).toBe(true);
    await worker.call('closeServer', port);
    await worker.call('release', port);
    expect(portIsInUse(port)).toBe(false);
  });

  test('of another thread, or without a hold, is a use', async () => {
    await using opened = await openTestPool(1);
    await using thread = await startPortThread({ env: opened.env });
    const port = await thread.call('claim', { hold: false });
    expect(portIsInUse(port)).toBe(true);
    await thread.call('release', port);
    expect(portIsInUse(port)).toBe(false);
  });

  test('that was released with a seal is a use', async () => {
    await using _opened = await openTestPool(1);
    const owner = new TCPPortOwner();
    releaseSealed(owner);
    expect(portIsInUse(owner.port)).toBe(true);
  });
});

describe('TIME_WAIT', () => {
  test('of a server that reused the address is no use', async () => {
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const server = net.createServer((socket) => socket.end()).listen(port, '127.0.0.1');
    await once(server, 'listening');
    const client = leaveTimeWait(port);
    await once(server, 'connection');
    server.close();
    await client;
    expect(portIsInUse(port)).toBe(false);
  });

  test('of a server that did not is no use either, though a bind with SO_REUSEADDR fails', async ({
    skip,
  }) => {
    skip(python3 === undefined && process.env['CI'] === undefined, 'needs python3');
    await using block = await reservePorts(1);
    const [port] = block.ports as [number];
    const code = `
import socket
s = socket.socket(); s.bind(('127.0.0.1', ${port})); s.listen(); print('listening', flush=True)
c, _ = s.accept(); s.close(); c.close()
`;
    const python = spawn(python3 as string, ['-c', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(python.stdout, 'data');
      await leaveTimeWait(port);
      expect(portIsInUse(port)).toBe(false);
    } finally {
      await stopProcess(python);
    }
  });
});

describe('bad arguments', () => {
  test.each([0, -1, 65_536, 1.5, Number.NaN, '80', null, undefined])('port %o is refused', async (port) => {
    const error = await errorOf(InvalidOptionError, () => portIsInUse(port as number));
    expect(error).toMatchObject({ option: 'port', value: port });
  });

  test('a host that is not of this machine is refused', async () => {
    const error = await errorOf(HostError, () => portIsInUse(2000, { hosts: ['192.0.2.1'] }));
    expect(error.host).toBe('192.0.2.1');
  });

  test.each([{ hosts: [] }, { socketAddressFamily: 'both' }, { host: 'localhost' }, { hold: false }, null])(
    'options %o are refused',
    async (options) => {
      const act = () => portIsInUse(2000, options as { hosts: string[] });
      expect(await errorOf(InvalidOptionError, act)).toMatchObject({ code: 'PORTSLICE_INVALID_OPTION' });
    },
  );
});
