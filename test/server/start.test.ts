/** Servers of several kinds are started, reached and stopped. */
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  ForeignListenerError,
  InvalidOptionError,
  PortPoolExhaustedError,
  PortTakenError,
  ServerCommandError,
  startServer,
  type StartServerOptions,
  TCPPortOwner,
} from '../../src/index.ts';
import { errorOf } from '../support/catch-error.ts';
import { hasHolds } from '../support/kernel-traits.ts';
import { needProgram } from '../support/needs.ts';
import { startStranger } from '../support/stranger.ts';
import { openTestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';
import { collectWarnings } from '../support/warnings.ts';
import { failToStart } from './fail-to-start.ts';
import { ask, isListenedOn, isRunning, WEB, WEB_TEXT } from './web.ts';

describe('A server that is a command', () => {
  test('listens on its port when it is there, and is gone when it was stopped', async () => {
    await using opened = await openTestPool(2);
    const server = await startServer({ command: WEB });
    expect(opened.ports).toContain(server.port);
    expect(await ask(server)).toMatchObject({ pid: server.pid, port: server.port });
    expect(server.url('/x')).toBe(`http://localhost:${server.port}/x`);
    expect(server.readyAfterMs).toBeGreaterThan(0);
    await server.stop();
    await expect.poll(() => server.output()).toBe(`listening on ${server.port}\n`);
    expect(isRunning(server.pid as number)).toBe(false);
    expect(isListenedOn(server.port)).toBe(false);
    expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 0 });
    expect(await server.exited).toEqual({ exitCode: undefined, signal: 'SIGTERM' });
  });

  test('is stopped at the end of its scope', async () => {
    await using _opened = await openTestPool(1);
    let port: number;
    {
      await using server = await startServer({ command: WEB });
      ({ port } = server);
      expect(isListenedOn(port)).toBe(true);
    }
    expect(isListenedOn(port)).toBe(false);
  });

  test('has its ports in arguments, variables and folder', async () => {
    await using _opened = await openTestPool(2);
    const folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'portslice-cwd-'));
    try {
      await using server = await startServer({
        command: [...WEB, 'admin={port:admin}', '$VALUE'],
        env: { VALUE: 'p{port}', HOME: undefined },
        cwd: folder,
        ready: '/',
      });
      const admin = server.ports['admin']?.port;
      expect(Object.keys(server.ports)).toEqual(['port', 'admin']);
      expect(admin).not.toBe(server.port);
      expect(await ask(server)).toMatchObject({
        args: [`${server.port}`, `admin=${admin}`, '$VALUE'],
        cwd: folder,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('finds its port in PORT, and other variables as they are given', async () => {
    await using _opened = await openTestPool(1);
    const server = await startServer({
      command: 'echo "PORT=$PORT VALUE=$VALUE GONE=${GONE-gone}"; exec ' + WEB_TEXT.replace(" '{port}'", ''),
      env: { VALUE: 'p{port}', GONE: undefined },
    });
    expect(await ask(server)).toMatchObject({ pid: server.pid });
    await server.stop();
    expect(server.output()).toContain(`PORT=${server.port} VALUE=p${server.port} GONE=gone\n`);
  });

  test('does not look for programs in its folder where PATH is removed', async () => {
    await using _opened = await openTestPool(1);
    await using server = await startServer({
      command: ['/bin/sh', '-c', `echo "$PATH"; exec ${WEB_TEXT}`],
      env: { PATH: undefined },
    });
    // It can be on its way when the server is ready.
    await until('the output has a line', () => server.output().includes('\n'));
    const [folders = ''] = server.output().split('\n');
    expect(folders.split(':')).toContain(path.join(process.cwd(), 'node_modules', '.bin'));
    expect(folders.split(':')).not.toContain('');
  });

  test('can be a line for the shell, which need not become the server', async () => {
    await using _opened = await openTestPool(1);
    const server = await startServer({ command: `${WEB_TEXT} & wait` });
    const { pid } = await ask(server);
    expect(pid).not.toBe(server.pid);
    await server.stop();
    expect([pid, server.pid as number].filter(isRunning)).toEqual([]);
  });

  test('is stopped as a whole behind npm run', async () => {
    await using _opened = await openTestPool(1);
    const folder = mkdtempSync(path.join(tmpdir(), 'portslice-npm-'));
    try {
      const scripts = { dev: WEB_TEXT.replace(" '{port}'", '') };
      writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'behind-npm', scripts }));
      const server = await startServer({ command: ['npm', 'run', 'dev'], cwd: folder, ready: '/health' });
      const { pid } = await ask(server);
      expect(pid).not.toBe(server.pid);
      await server.stop();
      expect([pid, server.pid as number].filter(isRunning)).toEqual([]);
      expect(isListenedOn(server.port)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('is found by its name in node_modules/.bin of its folder', async () => {
    await using _opened = await openTestPool(1);
    // vitest is there, and node_modules/.bin is not in the PATH that is given.
    const starting = startServer({ command: ['vitest', '--version'], env: { PATH: '/usr/bin:/bin' } });
    await expect(starting).rejects.toMatchObject({
      exitCode: 0,
      output: expect.stringContaining('vitest/') as string,
    });
  });

  test('can be Python’s http.server', async (context) => {
    const python = needProgram(context, 'python3');
    await using _opened = await openTestPool(1);
    using warnings = collectWarnings();
    await using server = await startServer({ command: [python, '-m', 'http.server', '{port}'], ready: '/' });
    expect((await fetch(server.url('/'))).status).toBe(200);
    expect(await warnings.withCode('PORTSLICE_SERVER_HOLD')).toEqual([]);
  });
});

function strict(python: string): string[] {
  return [python, path.join(import.meta.dirname, 'strict.program.py'), '{port}'];
}

describe('A server that cannot listen on a held port', () => {
  test.runIf(hasHolds)('is started once more without the hold, and that is said', async (context) => {
    const python = needProgram(context, 'python3');
    await using opened = await openTestPool(1);
    using warnings = collectWarnings();
    const server = await startServer({ command: strict(python) });
    expect(isListenedOn(server.port)).toBe(true);
    const [hint, ...others] = await warnings.withCode('PORTSLICE_SERVER_HOLD');
    expect(hint).toContain('hold: false');
    expect(others).toEqual([]);
    // The lock was kept: nobody else of portslice can have it.
    await expect(opened.pool.slice().acquire({ port: server.port, acquireTimeoutMs: 0 })).rejects.toThrow(
      PortTakenError,
    );
    await server.restart();
    expect(isListenedOn(server.port)).toBe(true);
    expect(await warnings.withCode('PORTSLICE_SERVER_HOLD')).toHaveLength(1);
    await server.stop();
  });

  test('keeps its port from strangers after a restart that has failed', async (context) => {
    const python = needProgram(context, 'python3');
    await using _opened = await openTestPool(1);
    using _warnings = collectWarnings();
    await using stranger = startStranger(python);
    const folder = mkdtempSync(path.join(tmpdir(), 'portslice-strict-'));
    const program = path.join(folder, 'python');
    symlinkSync(python, program);
    const [, ...args] = strict(python);
    await using server = await startServer({ command: [program, ...args] });
    rmSync(folder, { recursive: true });
    await expect(server.restart()).rejects.toThrow(ServerCommandError);
    expect(await stranger.bindStrictly([server.port])).toBe(0);
  });

  test('is started once with hold: false', async (context) => {
    const python = needProgram(context, 'python3');
    await using _opened = await openTestPool(1);
    using warnings = collectWarnings();
    await using server = await startServer({ command: strict(python), hold: false });
    expect(isListenedOn(server.port)).toBe(true);
    expect(await warnings.withCode('PORTSLICE_SERVER_HOLD')).toEqual([]);
  });
});

describe('A server that is a function', () => {
  test('listens in this process and is closed by what it returns', async () => {
    await using _opened = await openTestPool(2);
    let isClosed = false;
    const server = await startServer({
      command: async ({ port, admin }) => {
        const web = http.createServer((_request, response) => response.end('here')).listen(port);
        const other = http.createServer().listen(admin);
        return () => {
          isClosed = true;
          web.closeAllConnections();
          web.close();
          other.close();
        };
      },
      portNames: ['admin'],
    });
    expect(server.pid).toBeUndefined();
    expect(await (await fetch(server.url())).text()).toBe('here');
    await server.restart();
    expect(isClosed).toBe(true);
    expect(await (await fetch(server.url())).text()).toBe('here');
    await server.stop();
    expect(isListenedOn(server.port)).toBe(false);
  });

  test('can return a server of Node, whose open connections are cut', async () => {
    await using _opened = await openTestPool(1);
    const server = await startServer({
      command: ({ port }) => http.createServer(() => undefined).listen(port),
    });
    const never = fetch(server.url()).catch((error: unknown) => error);
    await server.stop();
    expect(await never).toBeInstanceOf(Error);
    expect(isListenedOn(server.port)).toBe(false);
  });

  test('can return a server of another protocol, whose open connections are cut, too', async () => {
    await using _opened = await openTestPool(1);
    const server = await startServer({
      command: ({ port }) => net.createServer((socket) => socket.on('error', () => undefined)).listen(port),
    });
    const client = net.connect({ port: server.port, host: '127.0.0.1' });
    const isCut = once(
      client.on('error', () => undefined),
      'close',
    );
    await once(client, 'connect');
    await server.stop();
    await isCut;
    expect(isListenedOn(server.port)).toBe(false);
  });

  test('can listen to the signal', async () => {
    await using _opened = await openTestPool(1);
    const server = await startServer({
      command: ({ port }, signal) => void http.createServer().listen({ port: Number(port), signal }),
    });
    await server.stop();
    expect(isListenedOn(server.port)).toBe(false);
  });

  test('fails with what it throws, and gives its port back', async () => {
    await using opened = await openTestPool(1);
    const failure = new Error('no database');
    await expect(startServer({ command: () => Promise.reject(failure) })).rejects.toBe(failure);
    expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 0 });
  });
});

describe('Ports of a server', () => {
  test('are claimed all or none', async () => {
    await using opened = await openTestPool(2);
    using _other = new TCPPortOwner();
    const starting = startServer({ command: [...WEB, '{port:b}'], acquireTimeoutMs: 0 });
    await expect(starting).rejects.toThrow(PortPoolExhaustedError);
    expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 1 });
  });

  test('can be one that was asked for', async () => {
    await using opened = await openTestPool(3);
    const [, port] = opened.ports as [number, number];
    await using server = await startServer({ command: [...WEB, '{port:b}'], port, ready: '/' });
    expect(server.port).toBe(port);
    const taken = startServer({ command: WEB, port, acquireTimeoutMs: 0 });
    await expect(taken).rejects.toThrow(PortTakenError);
  });

  test('are not a stranger’s where the server is asked at one of them', async () => {
    await using _opened = await openTestPool(2);
    const folder = mkdtempSync(path.join(tmpdir(), 'portslice-asked-'));
    const script = 'echo {port:admin} > admin.new; mv admin.new admin; until test -e go; do sleep 0.01; done';
    const starting = errorOf(ForeignListenerError, () =>
      startServer({
        command: `${script}; exec ${WEB_TEXT}`,
        cwd: folder,
        ready: 'http://127.0.0.1:{port:admin}/',
      }),
    );
    await until('it has started', () => existsSync(path.join(folder, 'admin')));
    const admin = Number(readFileSync(path.join(folder, 'admin'), 'utf8'));
    const impostor = http.createServer((_request, response) => response.end()).listen(admin);
    writeFileSync(path.join(folder, 'go'), '');
    expect(await starting).toMatchObject({ port: admin, processId: process.pid });
    impostor.close();
    rmSync(folder, { recursive: true });
  });

  test('all have to be listened on for a server that just listens', async () => {
    await using _opened = await openTestPool(2);
    const { message } = await failToStart({ command: [...WEB, '{port:admin}'] });
    expect(message).toMatch(/does not listen on port \d+ \(\{port:admin\}\)/);
  });
});

describe('An option that cannot be used is named before anything is done', () => {
  test.each<[string, object]>([
    ['command', { command: [] }],
    ['command', { command: ' ' }],
    ['command', { command: ['', 'x'] }],
    ['comand', { comand: ['node'] }],
    ['env', { command: ['node'], env: { PORT: 1 } }],
    ['cwd', { command: ['node'], cwd: 1 }],
    ['ready', { command: ['node'], ready: 'health' }],
    ['ready', { command: ['node'], ready: { url: '/', status: '200' } }],
    ['ready', { command: ['node'], ready: 'http://' }],
    ['ready', { command: ['node'], ready: { url: 'http://localhost:{port:a b}/', status: 200 } }],
    ['ready', { command: () => undefined, ready: /listening/ }],
    ['env', { command: () => undefined, env: {} }],
    ['cwd', { command: () => undefined, cwd: '/' }],
    ['stopSignal', { command: () => undefined, stopSignal: 'SIGINT' }],
    ['readyTimeoutMs', { command: ['node'], readyTimeoutMs: -1 }],
    ['stopTimeoutMs', { command: ['node'], stopTimeoutMs: Infinity }],
    ['stopSignal', { command: ['node'], stopSignal: 'SIGNOTHING' }],
    ['launcher', { command: () => undefined, launcher: true }],
    ['launcher.stopCommand', { command: ['node'], launcher: { stopCommand: [] } }],
    ['portNames', { command: ['node'], portNames: ['a b'] }],
    ['hosts', { command: ['node'], hosts: [] }],
    ['label', { command: ['node'], label: 1 }],
  ])('%s in %j', async (option, options) => {
    const error = await errorOf(InvalidOptionError, () => startServer(options as StartServerOptions));
    expect(error.option).toBe(option);
  });
});
