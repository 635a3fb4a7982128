/** When a server counts as ready. */
import http from 'node:http';
import net from 'node:net';
import { runInNewContext } from 'node:vm';
import { describe, expect, test, vi } from 'vitest';
import { startServer } from '../../src/index.ts';
import { AF_NETLINK } from '../../src/platform/linux/constants.ts';
import { libc, type LibC } from '../../src/platform/linux/libc.ts';
import { serverPlatform } from '../../src/platform/server-platform.ts';
import { hasLinuxFiles } from '../support/kernel-traits.ts';
import { openTestPool } from '../support/test-pool.ts';
import { failToStart } from './fail-to-start.ts';
import { ask, WEB } from './web.ts';

async function statusOf(url: string): Promise<number> {
  return (await fetch(url, { headers: { connection: 'close' } })).status;
}

describe('A server is ready', () => {
  test('when it listens', async () => {
    await using _opened = await openTestPool(1);
    await using server = await startServer({ command: WEB, env: { LISTEN_AFTER_MS: '300' } });
    expect(await ask(server)).toMatchObject({ port: server.port });
    expect(server.readyAfterMs).toBeGreaterThan(300);
  });

  test.each(['127.0.0.1', '0.0.0.0', '::', '::ffff:127.0.0.1'])(
    'when it listens on %s, where a client of localhost meets it',
    async (host) => {
      await using _opened = await openTestPool(1);
      await using server = await startServer({ command: WEB, env: { HOST: host } });
      expect(await ask(server)).toMatchObject({ port: server.port });
    },
  );

  test.each(['127.0.0.2', '::1', '0:0:0:0:0:0:0:1'])(
    'when it listens on %s, as its owner says',
    async (host) => {
      await using _opened = await openTestPool(1);
      await using server = await startServer({ command: WEB, env: { HOST: host }, hosts: [host] });
      expect(await statusOf(server.url('/'))).toBe(200);
    },
  );

  test('when it listens in the family of its owner, and not in the other one', async () => {
    await using _opened = await openTestPool(2);
    const options = { command: WEB, hosts: ['app.localhost'], socketAddressFamily: 'ipv6' } as const;
    await using server = await startServer({ ...options, env: { HOST: '::1' } });
    expect(server.port).toBeGreaterThan(0);
    const { message } = await failToStart({ ...options, env: { HOST: '127.0.0.1' } });
    expect(message).toMatch(/it listens on 127\.0\.0\.1:\d+, where no client/);
  });

  test('when a path answers with success', async () => {
    await using _opened = await openTestPool(1);
    await using server = await startServer({
      command: WEB,
      env: { HEALTHY_AFTER_MS: '500' },
      ready: '/health',
    });
    expect(await statusOf(server.url('/health'))).toBe(200);
  });

  test('when a path answers under a name that Node would try at one address only', async () => {
    await using _opened = await openTestPool(1);
    const isDefault = net.getDefaultAutoSelectFamily();
    net.setDefaultAutoSelectFamily(false);
    try {
      await using server = await startServer({
        command: WEB,
        env: { HOST: '::1' },
        hosts: ['app.localhost'],
        ready: '/health',
      });
      expect(server.url('/')).toContain('http://app.localhost:');
    } finally {
      net.setDefaultAutoSelectFamily(isDefault);
    }
  });

  test('when a URL answers with the status that is asked for', async () => {
    await using _opened = await openTestPool(1);
    const ready = { url: 'http://127.0.0.1:{port}/health', status: [503, 418] };
    await using server = await startServer({ command: WEB, env: { HEALTHY_AFTER_MS: '60000' }, ready });
    expect(await statusOf(server.url('/health'))).toBe(503);
  });

  test.each(['stdout', 'stderr'])('when its %s matches, wherever its chunks end', async (stream) => {
    await using _opened = await openTestPool(1);
    const text = `
      require('http').createServer().listen(process.argv[1], () => {
        process.${stream}.write('\\u001b[32mrea\\u001b[39m');
        setTimeout(() => process.${stream}.write('dy at € 20'), 100);
        setTimeout(() => process.${stream}.write('26\\n'), 200);
      })`;
    await using server = await startServer({
      command: [process.execPath, '-e', text, '{port}'],
      ready: /^ready at € \d{4}$/gm,
    });
    expect(server.output()).toContain('26\n');
    // What it wrote before says nothing about the next start.
    await server.restart();
    expect(server.output().match(/26\n/g)).toHaveLength(2);
  });

  test('when its output matches a pattern of another realm', async () => {
    await using _opened = await openTestPool(1);
    const ready = runInNewContext('/listening/') as RegExp;
    expect(ready).not.toBeInstanceOf(RegExp);
    await using server = await startServer({ command: WEB, ready });
    expect(server.output()).toContain('listening');
  });

  test('when a function says so, which may throw before', async () => {
    await using _opened = await openTestPool(1);
    const calls: number[] = [];
    await using server = await startServer({
      command: WEB,
      ready: async (one) => {
        calls.push(await statusOf(one.url('/')));
        if (calls.length < 3) throw new Error('not yet');
        return calls.length > 4;
      },
    });
    expect(calls).toEqual([200, 200, 200, 200, 200]);
    expect(server.pid).toBeDefined();
  });

  test('only when it listens, whatever it writes', async () => {
    await using _opened = await openTestPool(1);
    await using server = await startServer({
      command: `echo ready; sleep 0.3; exec ${WEB.map((part) => `'${part}'`).join(' ')}`,
      ready: /ready/,
    });
    expect(await ask(server)).toMatchObject({ port: server.port });
  });

  test('beside nineteen others that start at the same time', async () => {
    await using _opened = await openTestPool(20);
    const servers = await Promise.all(Array.from({ length: 20 }, async () => startServer({ command: WEB })));
    const answers = await Promise.all(servers.map(ask));
    expect(answers.map(({ pid }) => pid)).toEqual(servers.map(({ pid }) => pid));
    expect(new Set(servers.map(({ port }) => port)).size).toBe(20);
    await Promise.all(servers.map(async (server) => server.stop()));
  });
});

function throwTypeError(): never {
  throw new TypeError('no such thing');
}

async function expectServed(): Promise<void> {
  await using _opened = await openTestPool(2);
  const command = [...WEB, '{port:admin}'];
  await using server = await startServer({ command, ready: '/', env: { LISTEN_AFTER_MS: '200' } });
  expect(await ask(server)).toMatchObject({ pid: server.pid });
  await server.restart();
  expect(await ask(server)).toMatchObject({ pid: server.pid });
}

describe('Where the kernel does not answer', () => {
  test.runIf(hasLinuxFiles)('a server that listens is found in /proc', async () => {
    const c = libc() as { socket: LibC['socket'] };
    const { socket } = c;
    const asked: number[] = [];
    c.socket = (domain, type, protocol) => {
      if (domain !== AF_NETLINK) return socket(domain, type, protocol);
      asked.push(domain);
      return -1;
    };
    try {
      await expectServed();
    } finally {
      c.socket = socket;
    }
    expect(asked.length).toBeGreaterThan(1);
  });

  test('nor /proc is there, a server that listens is found by a connection', async () => {
    const read = vi.spyOn(serverPlatform, 'readListeningSockets').mockReturnValue(undefined);
    try {
      await expectServed();
    } finally {
      read.mockRestore();
    }
  });
});

describe('A server that is not ready in time', () => {
  test('is told with the ports that it listens on instead', async () => {
    await using opened = await openTestPool(2);
    const [elsewhere] = opened.ports as [number];
    const { message } = await failToStart({
      command: [...WEB.slice(0, 2), String(elsewhere)],
      excludedPorts: [elsewhere],
    });
    expect(message).toMatch(new RegExp(`does not listen on port \\d+, but on \\[::\\]:${elsewhere}\\. `));
    expect(message).toContain(`Its last output:\nlistening on ${elsewhere}`);
  });

  test('is told with the address where nobody reaches it, and that hosts names it', async () => {
    await using opened = await openTestPool(1);
    const [port] = opened.ports as [number];
    const { message } = await failToStart({ env: { HOST: '127.0.0.3' } });
    expect(message).toMatch(
      new RegExp(
        `: it listens on 127\\.0\\.0\\.3:${port}, where no client of localhost:${port} meets it\\. Let it`,
      ),
    );
    expect(message).toMatch(
      / 127\.0\.0\.1 or .*every address, or name its own by hosts: \['127\.0\.0\.3'\]\./,
    );
    expect(message).not.toMatch(/by \{port\}|does not listen/);
  });

  test('is told with its address of IPv6 where clients come by IPv4', async () => {
    await using opened = await openTestPool(1);
    const [port] = opened.ports as [number];
    const { message } = await failToStart({ env: { HOST: '::1' }, hosts: ['127.0.0.1'] });
    expect(message).toContain(
      `it listens on [::1]:${port}, where no client of 127.0.0.1:${port} meets it. ` +
        "Let it listen on 127.0.0.1 or every address, or name its own by hosts: ['::1'].",
    );
  });

  test('is told apart by port where one has the wrong address and another no listener', async () => {
    await using _opened = await openTestPool(2);
    const { message } = await failToStart({ command: [...WEB, '{port:admin}'], env: { HOST: '127.0.0.3' } });
    expect(message).toMatch(
      /it does not listen on port \d+ \(\{port:admin\}\), and it listens on 127\.0\.0\.3:\d+, where no client/,
    );
    expect(message).toContain('Give it this port by {port:admin}, or raise readyTimeoutMs. Let it listen on');
  });

  test('and is a function is told to listen on the ports that it is given', async () => {
    await using _opened = await openTestPool(1);
    const { message } = await failToStart({ command: () => undefined, readyTimeoutMs: 100 });
    expect(message).toMatch(
      /it does not listen on port \d+\. Let the function listen on the ports that it is given,/,
    );
  });

  test('is told with the last answer, and not that it needs its port', async () => {
    await using _opened = await openTestPool(1);
    const error = await failToStart({ env: { HEALTHY_AFTER_MS: '60000' }, ready: '/health' });
    expect(error.message).toMatch(
      /: http:\/\/localhost:\d+\/health answered with status 503\. Correct ready, or raise readyTimeoutMs\. Its/,
    );
    expect(error.output).toBe(`listening on ${error.port}\n`);
  });

  test('is told that nobody has answered where nobody has', async () => {
    await using opened = await openTestPool(2);
    const [unused] = opened.ports as [number];
    const ready = `http://127.0.0.1:${unused}/`;
    const { message } = await failToStart({ ready, excludedPorts: [unused] });
    expect(message).toContain(
      `: nobody answered at ${ready} (ECONNREFUSED). Correct ready, or raise readyTimeoutMs.`,
    );
  });

  test('is told that it does not answer in HTTP where it does not', async () => {
    await using _opened = await openTestPool(1);
    const { message } = await failToStart({
      command: ({ port }) => net.createServer((socket) => void socket.end('SSH-2.0\r\n')).listen(port),
      ready: '/',
    });
    expect(message).toMatch(
      /: http:\/\/localhost:\d+\/ gave no answer of HTTP \(HPE_INVALID_CONSTANT\)\. Correct/,
    );
  });

  test('is told with the pattern', async () => {
    await using _opened = await openTestPool(1);
    expect((await failToStart({ ready: /never/i })).message).toContain(
      'its output does not match /never/i. Correct ready, or raise readyTimeoutMs.',
    );
  });

  test('is told with what the function has thrown', async () => {
    await using _opened = await openTestPool(1);
    expect((await failToStart({ ready: throwTypeError })).message).toContain(
      'ready() has thrown: TypeError: no such thing. Correct ready, or raise readyTimeoutMs.',
    );
  });

  test('is ended, and its port is given back', async () => {
    await using opened = await openTestPool(1);
    await failToStart({ command: ['sleep', '600'], readyTimeoutMs: 1 });
    expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 0, leaks: 0 });
  });

  test('is told though its function never ends', async () => {
    await using _opened = await openTestPool(1);
    const { message } = await failToStart({
      command: ({ port }, signal) => {
        http.createServer().listen({ port: Number(port), signal });
        return new Promise(() => undefined);
      },
      readyTimeoutMs: 100,
      stopTimeoutMs: 100,
    }).catch((error: Error) => error);
    expect(message).toContain('was not ready within 100 ms');
  });
});
