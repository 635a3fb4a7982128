/** Servers on Windows: real processes of Node in a job. Whose a socket is, Wine does not tell: test/platform/windows has the tables. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ServerExitedError, startServer, UnsupportedPlatformError } from '../../../src/index.ts';
import { platform } from '../../../src/platform/platform.ts';
import { serverPlatform } from '../../../src/platform/server-platform.ts';
import type { TreeCommands } from '../../server/tree-worker.program.ts';
import { isListenedOn } from '../../server/web.ts';
import { errorOf } from '../../support/catch-error.ts';
import { startProgram, startThread } from '../../support/program.ts';
import { openTestPool } from '../../support/test-pool.ts';
import { until } from '../../support/until.ts';

const programAt = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const WEB = programAt('../../server/web.program.ts');
const COMMAND = [process.execPath, WEB, '{port}'];
const TREE = [process.execPath, programAt('tree.program.ts'), '{port}'];
const SLEEP = [process.execPath, '-e', 'setInterval(() => {}, 1e6)'];
const WORKER = new URL('../../server/tree-worker.program.ts', import.meta.url);

interface Answer {
  readonly pid: number;
  readonly args: readonly string[];
  readonly cwd: string;
}

async function ask(url: string): Promise<Answer> {
  const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
  return JSON.parse(await text(response)) as Answer;
}

const pidsIn = (output: string): number[] =>
  Array.from(output.matchAll(/pid (\d+)/g), ([, pid]) => Number(pid));
const treeOn = (port: number): string[] => [...TREE.slice(0, -1), String(port), '3'];
const living = (pids: readonly number[]): number[] => pids.filter((pid) => platform.isRunning(pid));

test('A server is started, asked, restarted on the same port, and stopped', async () => {
  await using opened = await openTestPool(1);
  const server = await startServer({ command: COMMAND, ready: '/health', env: { HEALTHY_AFTER_MS: '200' } });
  const first = server.pid as number;
  expect((await ask(server.url())).pid).toBe(first);
  expect(server.output()).toContain(`listening on ${server.port}`);
  await server.restart();
  const second = server.pid as number;
  expect(second).not.toBe(first);
  expect(await ask(server.url())).toMatchObject({ pid: second, args: [String(server.port)] });
  expect(living([first, second])).toEqual([second]);
  const { exited } = server;
  await server.stop();
  expect(await exited).toEqual({ exitCode: 1, signal: undefined });
  expect(living([second])).toEqual([]);
  expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 0, leaks: 0 });
});

test('A server takes all processes with it that have come of it', async () => {
  await using _opened = await openTestPool(1);
  const server = await startServer({ command: [...TREE, '3'], ready: /up/ });
  const pids = pidsIn(server.output());
  expect(living(pids)).toHaveLength(3);
  await server.stop();
  expect(living(pids)).toEqual([]);
});

test('A launcher ends, and its server with the stop', async () => {
  await using _opened = await openTestPool(1);
  const server = await startServer({ command: [...TREE, '3', 'leave'], launcher: true });
  await server.exited;
  await until('the last one has told its number', () => pidsIn(server.output()).length === 3);
  const pids = pidsIn(server.output());
  await until('the last one is left', () => living(pids).length === 1);
  await server.stop();
  expect(living(pids)).toEqual([]);
});

test('A server that ends, or does not exist, is an error with what it has written', async () => {
  await using opened = await openTestPool(1);
  const script = "console.error('no database'); process.exit(3)";
  const error = await errorOf(ServerExitedError, () =>
    startServer({ command: [process.execPath, '-e', script] }),
  );
  expect(error).toMatchObject({ exitCode: 3, signal: undefined });
  expect(error.message).toContain('no database');
  const missing = await errorOf(ServerExitedError, () => startServer({ command: ['no-such-program'] }));
  expect(missing.message).toContain('no-such-program');
  expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 0 });
});

test('A script of a package is found by its name, and gets its arguments as they are', async () => {
  await using _opened = await openTestPool(1);
  const folder = mkdtempSync(path.join(process.cwd(), 'package-'));
  mkdirSync(path.join(folder, 'node_modules/.bin'), { recursive: true });
  const script = `@ECHO off\r\n"${process.execPath}" "${WEB}" %*\r\n`;
  writeFileSync(path.join(folder, 'node_modules/.bin/serve-web.cmd'), script);
  await using _folder = {
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, maxRetries: 5 }),
  };
  await using server = await startServer({ command: ['serve-web', '{port}', 'two words'], cwd: folder });
  const { args, cwd, pid } = await ask(server.url());
  expect({ args, cwd }).toEqual({ args: [String(server.port), 'two words'], cwd: folder });
  // Behind cmd.exe, and stopped with it.
  expect(pid).not.toBe(server.pid);
  await server.stop();
  expect(living([pid, server.pid as number])).toEqual([]);
});

test('A text is a line for the shell', async () => {
  await using _opened = await openTestPool(1);
  const line = `echo "first" && "${process.execPath}" "${WEB}" {port} "two words"`;
  await using server = await startServer({ command: line, ready: '/' });
  expect((await ask(server.url())).args).toEqual([String(server.port), 'two words']);
  expect(server.output().split('\n')[0]).toContain('first');
});

test('A function is a server in this process', async () => {
  await using _opened = await openTestPool(1);
  const server = await startServer({ command: ({ port }) => createServer().listen(Number(port)) });
  expect(isListenedOn(server.port)).toBe(true);
  await server.stop();
  expect(isListenedOn(server.port)).toBe(false);
});

test('A socket is not handed over: a typed error, before a port is claimed', async () => {
  await using opened = await openTestPool(1);
  const error = await errorOf(UnsupportedPlatformError, () =>
    startServer({ command: COMMAND, listen: 'inherit' }),
  );
  expect(error).toMatchObject({ platform: 'win32' });
  expect(error.message).toContain("listen: 'inherit' is not implemented");
  expect(opened.pool.stats().lifetimeTotalAllocatedPorts).toBe(0);
});

test('When a worker is killed, its servers end with all of their processes', async () => {
  await using opened = await openTestPool(1);
  const [port] = opened.ports as [number];
  await using worker = startProgram<TreeCommands>(WORKER);
  const id = await worker.call('start', treeOn(port));
  await until('the last one listens', () => isListenedOn(port));
  const pids = await worker.call('find', id);
  expect(pids.length).toBeGreaterThanOrEqual(3);
  expect(pids[0]).toBe(id);
  await worker.kill();
  await until('nobody is left', () => living(pids).length === 0);
});

test('When a console is closed, the servers of its processes end, and they themselves', async () => {
  await using opened = await openTestPool(1);
  await using worker = startProgram<TreeCommands>(WORKER, { env: opened.env });
  const id = (await worker.call('startServer', { command: COMMAND })) as number;
  // Windows has this signal only for whoever gets it: 128 and its number.
  await expect(worker.call('receive', 'SIGHUP')).rejects.toThrow('(129)');
  await until('nobody is left', () => living([id]).length === 0);
});

test('When a thread is terminated, its servers end, and those of no other', async () => {
  await using other = startThread<TreeCommands>(WORKER);
  await using thread = startThread<TreeCommands>(WORKER);
  const kept = await other.call('start', SLEEP);
  const closed = await thread.call('start', SLEEP);
  const ended = await thread.call('start', SLEEP);
  await thread.call('signal', closed, 'SIGTERM');
  await thread.call('close', closed);
  await thread.kill();
  await until('its server is gone', () => living([ended, closed]).length === 0);
  expect(living([kept])).toEqual([kept]);
  expect(await other.call('has', kept, kept)).toBe(true);
  expect(await other.call('has', kept, process.pid)).toBe(false);
  expect(await other.call('signal', kept, 'SIGKILL')).toBeGreaterThan(0);
  await until('it is gone, too', () => living([kept]).length === 0);
});

test('What a process has started before it is put into the job belongs to it', async () => {
  await using opened = await openTestPool(1);
  await using worker = startProgram<TreeCommands>(WORKER);
  const [port] = opened.ports as [number];
  const started = await worker.call('startBystander', treeOn(port), false);
  await until('the last one listens', () => isListenedOn(port));
  const tree = serverPlatform.openProcessTree();
  tree.add(started);
  const pids = tree.findProcesses();
  expect(pids[0]).toBe(started);
  expect(pids.length).toBeGreaterThanOrEqual(3);
  expect([tree.has(started), tree.has(worker.pid), tree.problem]).toEqual([true, false, undefined]);
  tree.close();
  await until('they are gone', () => living(pids).length === 0);
});

test('A process is known by its number and its start', async () => {
  await using worker = startProgram<TreeCommands>(WORKER);
  await worker.ready;
  const start = serverPlatform.findStart(worker.pid) as number;
  expect(start).toBeGreaterThan(serverPlatform.findStart(process.pid) as number);
  // A second earlier.
  serverPlatform.signalProcess(worker.pid, start - 1e7, 'SIGKILL');
  expect(living([worker.pid])).toEqual([worker.pid]);
  serverPlatform.signalProcess(worker.pid, start, 'SIGKILL');
  await until('it is gone', () => living([worker.pid]).length === 0);
});
