/** Servers as they are installed: in the foreground, and as daemons that write over their environment. */
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, type TestContext } from 'vitest';
import { startServer } from '../../src/index.ts';
import { listProcesses, readCommand } from '../../src/platform/linux/proc.ts';
import { runsEveryProgram } from '../support/kernel-traits.ts';
import { needProgram, needRoot } from '../support/needs.ts';
import { AS_NOBODY, initialiseDatabase } from '../support/postgres.ts';
import { openTestPool, type TestPool } from '../support/test-pool.ts';
import { collectWarnings } from '../support/warnings.ts';
import { isListenedOn, isRunning } from './web.ts';

let opened: TestPool;
let port: number;
let folder: string;

beforeEach(async () => {
  opened = await openTestPool(1);
  [port] = opened.ports as [number];
  folder = mkdtempSync(path.join(tmpdir(), 'portslice-system-'));
});

afterEach(async () => {
  rmSync(folder, { recursive: true });
  await opened[Symbol.asyncDispose]();
});

/** Those whose command line names the folder or the port. */
function findServers(name: string): number[] {
  return listProcesses().filter((processId) => {
    const command = readCommand(processId) ?? '';
    return (
      command.includes(name) &&
      (command.includes(folder) || command.includes(`:${port}`)) &&
      isRunning(processId)
    );
  });
}

test('redis in the foreground', async (context) => {
  using warnings = collectWarnings();
  const redis = needProgram(context, 'redis-server');
  const command = [redis, '--port', '{port}', '--save', '', '--dir', folder];
  const server = await startServer({ command, ready: /Ready to accept connections/ });
  await server.restart();
  expect(isListenedOn(port)).toBe(true);
  await server.stop();
  expect(isRunning(server.pid as number)).toBe(false);
  expect(server.output()).toContain('Redis is now ready to exit');
  expect(await warnings.withCode('PORTSLICE_SERVER_HOLD')).toEqual([]);
});

test('redis as a daemon', async (context) => {
  const redis = needProgram(context, 'redis-server');
  const command = [redis, '--port', '{port}', '--save', '', '--dir', folder, '--daemonize', 'yes'];
  const server = await startServer({ command, launcher: true });
  expect(findServers('redis')).toEqual([expect.any(Number)]);
  await server.stop();
  expect(findServers('redis')).toEqual([]);
  expect(isListenedOn(port)).toBe(false);
});

test.for(['off', 'on'])('nginx with daemon %s', async (daemon, context) => {
  const nginx = needProgram(context, 'nginx');
  mkdirSync(path.join(folder, 'temp'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  writeFileSync(
    path.join(folder, 'nginx.conf'),
    `daemon ${daemon}; pid nginx.pid; worker_processes 2; error_log stderr;
    events { worker_connections 64; }
    http {
      ${temporary.map((name) => `${name}_temp_path temp/${name};`).join('\n')}
      access_log off;
      server { listen ${port}; location / { return 204; } }
    }`,
  );
  const server = await startServer({
    command: [nginx, '-p', folder, '-c', 'nginx.conf', '-e', 'stderr'],
    launcher: daemon === 'on',
    ready: { url: '/', status: 204 },
  });
  expect(server.port).toBe(port);
  expect(findServers('nginx')).not.toEqual([]);
  await server.stop();
  expect(findServers('nginx')).toEqual([]);
  expect(isListenedOn(port)).toBe(false);
});

/** Since it does not run as root. */
function initialise(context: TestContext): { readonly data: string; readonly bin: string } {
  needRoot(context);
  chmodSync(folder, 0o777);
  const data = path.join(folder, 'data');
  const initdb = needProgram(context, 'initdb');
  initialiseDatabase(initdb, data);
  return { data, bin: path.dirname(initdb) };
}

test('PostgreSQL in the foreground, as another user', async (context) => {
  const { data, bin } = initialise(context);
  const command = [...AS_NOBODY, `${bin}/postgres`, '-D', data, '-k', '', '-p', '{port}'];
  const server = await startServer({ command, cwd: '/', ready: /ready to accept connections/ });
  expect(server.port).toBe(port);
  expect(await canSpeakPostgres(port)).toBe(true);
  await server.restart();
  expect(await canSpeakPostgres(port)).toBe(true);
  await server.stop();
  expect(isRunning(server.pid as number)).toBe(false);
  expect(isListenedOn(port)).toBe(false);
});

test('PostgreSQL by pg_ctl, which ends when the server is ready', async (context) => {
  const { data, bin } = initialise(context);
  const control = [...AS_NOBODY, `${bin}/pg_ctl`, '-D', data];
  const command = [...control, '-l', path.join(folder, 'data/log'), '-o', "-p {port} -k ''", 'start'];
  const stopCommand = [...control, '-m', 'fast', 'stop'];
  const server = await startServer({ command, cwd: '/', launcher: { stopCommand }, stopTimeoutMs: 60_000 });
  expect(await server.exited).toEqual({ exitCode: 0, signal: undefined });
  expect(await canSpeakPostgres(port)).toBe(true);
  const first = Number(readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
  await server.stop();
  expect(isRunning(first)).toBe(false);
  expect(readFileSync(path.join(data, 'log'), 'utf8')).toContain('database system is shut down');
  expect(isListenedOn(port)).toBe(false);
});

/** It answers SSLRequest with one letter (Protocol Flow, SSL Session Encryption). */
async function canSpeakPostgres(serverPort: number): Promise<boolean> {
  const socket = connect({ port: serverPort, host: '127.0.0.1' });
  socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return /^[SN]$/.test(answer.toString());
}

test.runIf(runsEveryProgram).for(['dev', 'preview'])('vite %s', async (subcommand) => {
  const vite = path.resolve(import.meta.dirname, '../../node_modules/.bin/vite');
  mkdirSync(path.join(folder, 'dist'));
  for (const file of ['index.html', 'dist/index.html'])
    writeFileSync(path.join(folder, file), '<p>hello</p>');
  const command = [vite, subcommand, '--port', '{port}', '--strictPort'];
  const server = await startServer({ command, cwd: folder, ready: '/' });
  expect(await (await fetch(server.url('/'))).text()).toContain('hello');
  await server.restart();
  expect(await (await fetch(server.url('/'))).text()).toContain('hello');
  await server.stop();
  expect(isListenedOn(port)).toBe(false);
});
