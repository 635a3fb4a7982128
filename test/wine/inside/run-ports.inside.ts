/** Ports that a whole run agrees on, and `portslice run`, with the package as users have it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { platform } from '../../../src/platform/platform.ts';
import { startAsker, startServing } from '../../run-ports/support.ts';
import { isListenedOn } from '../../server/web.ts';
import { cleanEnvironment } from '../../support/environment.ts';
import { until } from '../../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../../node_modules/portslice/dist/cli.js', import.meta.url));
const SERVER =
  "require('http').createServer((_, a) => a.end()).listen(process.env.WEB, () => console.log('up'))";
const PLAN = { PORTSLICE_PORTS: process.env['PORTSLICE_PORTS'] as string };
/** No id of a real folder. */
const FOLDER = `${process.pid}`.padStart(16, '0');

test('A run port is the same in a process and its child, and from run to run', async () => {
  await using main = startAsker(PLAN);
  const port = await main.call('runPort', 'web');
  await using child = startAsker({ ...PLAN, PORTSLICE_RUN_PORTS: await main.call('table') });
  expect(await child.call('runPort', 'WEB')).toBe(port);
  expect(platform.findLockHolders([port]).has(port)).toBe(true);
  await main.kill();
  await using next = startAsker(PLAN);
  expect(await next.call('runPort', 'web')).toBe(port);
});

test('A served port is found by its folder and name, until its process ends, and one process serves it', async () => {
  await using serving = startServing();
  await using second = startServing();
  const served = { folder: FOLDER, name: 'web', port: 20_123, isReady: true };
  expect(await serving.call('takeName', FOLDER, 'web')).toBe(true);
  expect(await second.call('takeName', FOLDER, 'web')).toBe(false);
  await serving.call('announce', { ...served, isReady: false });
  await serving.call('announce', served);
  expect(platform.findServedPorts(FOLDER, 'web')).toEqual([
    { ...served, isReady: false, processId: serving.pid },
    { ...served, processId: serving.pid },
  ]);
  expect(platform.findServedPorts(FOLDER, 'we')).toEqual([]);
  await serving.kill();
  expect(platform.findServedPorts(FOLDER, 'web')).toEqual([]);
  expect(await second.call('takeName', FOLDER, 'web')).toBe(true);
  // Of a process that has ended, or is not there yet.
  await second.call('announce', served, serving.pid);
  expect(platform.findServedPorts(FOLDER, 'web')).toEqual([]);
});

test('What this process has announced is taken back when it is closed', () => {
  const kernel = platform.openKernel();
  const name = kernel.takeServedName(FOLDER, 'api') as number;
  const served = { folder: FOLDER, name: 'api', port: 20_124, processId: process.pid, isReady: true };
  const announcement = kernel.announceServedPort(served) as number;
  expect(platform.findServedPorts(FOLDER, 'api')).toEqual([served]);
  kernel.closeDescriptors([announcement]);
  expect(platform.findServedPorts(FOLDER, 'api')).toEqual([]);
  expect(kernel.takeServedName(FOLDER, 'api')).toBeUndefined();
  kernel.closeDescriptors([name]);
  const again = kernel.takeServedName(FOLDER, 'api') as number;
  expect(again).toBeTypeOf('number');
  kernel.closeDescriptors([again]);
});

test('`portslice run` gives the command its port, and ends as the command does', async () => {
  await using folder = packageFolder();
  const show = 'console.log(process.env.WEB, process.argv[1]); process.exitCode = 3';
  const command = [process.execPath, '-e', show, '{web}'];
  const [first, again] = [await runToEnd(folder.path, ...command), await runToEnd(folder.path, ...command)];
  expect(first).toMatchObject({
    exitCode: 3,
    stderr: expect.stringMatching(/^portslice: WEB is \d+\r?\n$/) as string,
  });
  const [port, argument] = first.stdout.trim().split(' ');
  expect(argument).toBe(port);
  expect(again.stdout).toBe(first.stdout);
});

test('`portslice run` serves its folder alone, and when it is killed, so is its server', async () => {
  await using folder = packageFolder();
  writeFileSync(path.join(folder.path, 'server.cjs'), SERVER);
  const running = start(folder.path, `"${process.execPath}" server.cjs && exit 0`);
  await using _end = { [Symbol.asyncDispose]: async () => void running.kill() };
  let output = '';
  running.stdout?.on('data', (chunk) => (output += String(chunk)));
  let told = '';
  running.stderr?.on('data', (chunk) => (told += String(chunk)));
  await until('the server is up', () => output.includes('up'));
  const port = Number(/WEB is (\d+)/.exec(told)?.[1]);
  expect(isListenedOn(port)).toBe(true);
  const second = await runToEnd(folder.path, process.execPath, 'server.cjs');
  expect(second).toMatchObject({ exitCode: 125, stdout: '' });
  expect(second.stderr).toContain(`${port}`);
  running.kill('SIGKILL');
  await once(running, 'exit');
  await until('nobody listens', () => !isListenedOn(port));
});

function start(cwd: string, ...command: readonly string[]): ChildProcess {
  return spawn(process.execPath, [COMMAND, 'run', '--port', 'web', '--', ...command], {
    cwd,
    env: cleanEnvironment(PLAN),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function runToEnd(
  cwd: string,
  ...command: readonly string[]
): Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = start(cwd, ...command);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const [stdout, stderr] = await Promise.all(
    [child.stdout, child.stderr].map(async (stream) => text(stream as never)),
  );
  const [exitCode] = await exited;
  return { exitCode, stdout: stdout as string, stderr: stderr as string };
}

function packageFolder(): AsyncDisposable & { readonly path: string } {
  const folder = mkdtempSync(path.join(process.cwd(), 'package-'));
  writeFileSync(path.join(folder, 'package.json'), '{}');
  return {
    path: folder,
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}
