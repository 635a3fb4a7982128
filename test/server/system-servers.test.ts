/** Servers as they are installed: in the foreground, and as daemons that write over their environment. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer } from '../../src/index.ts';
import { listProcesses, readCommand } from '../../src/platform/linux/proc.ts';
import { runsEveryProgram } from '../support/kernel-traits.ts';
import { needProgram } from '../support/needs.ts';
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
