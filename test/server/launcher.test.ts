/** Commands that end as soon as their server runs in the background. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ForeignListenerError, ServerExitedError, ServerStopError, startServer } from '../../src/index.ts';
import { errorOf } from '../support/catch-error.ts';
import { serverCommand } from '../support/listening-server.ts';
import { startProcess } from '../support/live-process.ts';
import { needProgram } from '../support/needs.ts';
import { laterThanAllProcesses } from '../support/process-clock.ts';
import { startStranger } from '../support/stranger.ts';
import { openTestPool, type TestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';
import { collectWarnings } from '../support/warnings.ts';
import { isListenedOn, isRunning, WEB_TEXT } from './web.ts';

let opened: TestPool;
let folder: string;
let pidFile: string;

beforeEach(async () => {
  opened = await openTestPool(1);
  folder = mkdtempSync(path.join(tmpdir(), 'portslice-launcher-'));
  pidFile = path.join(folder, 'pid');
});

afterEach(async () => {
  rmSync(folder, { recursive: true });
  await opened[Symbol.asyncDispose]();
});

const program = path.join(import.meta.dirname, 'double-fork.program.py');

describe('A launcher', () => {
  test('may end, and its server is stopped wherever it went', async (context) => {
    const python = needProgram(context, 'python3');
    const command = [python, program, '{port}', pidFile];
    const server = await startServer({ command, launcher: true, ready: '/' });
    expect(await server.exited).toEqual({ exitCode: 0, signal: undefined });
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(isRunning(pid)).toBe(true);
    await server.stop();
    expect(isRunning(pid)).toBe(false);
    expect(isListenedOn(server.port)).toBe(false);
  });

  test('can have a server that does not belong to its tree, if that is younger than the launch', async () => {
    const [port] = opened.ports as [number];
    const request = path.join(folder, 'request');
    const serving = startServer({ command: ['touch', request], launcher: true });
    // As Docker's daemon would do, which is in nobody's tree.
    await waitFor(request);
    await using other = startProcess(serverCommand(port));
    const server = await serving;
    expect(server.port).toBe(port);
    await server.stop();
    expect(isRunning(other.pid)).toBe(false);
  });

  test('is named where its server had to be killed, also one outside of its tree', async () => {
    using warnings = collectWarnings();
    const [port] = opened.ports as [number];
    const request = path.join(folder, 'request');
    const command = ['touch', request];
    const serving = startServer({ command, launcher: true, stopTimeoutMs: 200 });
    await waitFor(request);
    await using other = startProcess(['sh', '-c', `exec ${WEB_TEXT}`.replace('{port}', String(port))], {
      env: { ...process.env, STUBBORN: '1' },
    });
    await (await serving).stop();
    expect(await other.exit).toMatchObject({ signal: 'SIGKILL' });
    expect(await warnings.withCode('PORTSLICE_SERVER_KILLED')).toEqual([
      expect.stringContaining(`'touch ${request}' had to be killed, 200 ms after SIGTERM.`),
    ]);
  });

  test('is not taken for the starter of a process that is older', async (context) => {
    await using stranger = startStranger(needProgram(context, 'python3'));
    await laterThanAllProcesses();
    const request = path.join(folder, 'request');
    const starting = errorOf(ForeignListenerError, () =>
      startServer({ command: `touch ${request}`, launcher: true }),
    );
    await waitFor(request);
    const [port] = opened.ports as [number];
    expect(await stranger.serve({ family: 'ipv4', host: '0.0.0.0' }, port, ['SO_REUSEADDR'])).toBe('done');
    expect((await starting).command).toContain('stranger.program.py');
  });

  test('that fails is told with its exit code', async () => {
    const error = await errorOf(ServerExitedError, () =>
      startServer({ command: 'echo no such image; exit 125', launcher: { stopCommand: ['true'] } }),
    );
    expect(error).toMatchObject({ exitCode: 125, output: 'no such image\n' });
  });
});

describe('A stop command', () => {
  test('ends the server in its own way', async () => {
    const [port] = opened.ports as [number];
    const server = await startServer({
      command: `${WEB_TEXT} & echo $! > ${pidFile}`,
      launcher: { stopCommand: ['sh', '-c', `kill -INT $(cat ${pidFile}); echo {port} > ${folder}/stopped`] },
      stopTimeoutMs: 60_000,
    });
    await server.stop();
    expect(readFileSync(`${folder}/stopped`, 'utf8')).toBe(`${port}\n`);
    expect(isListenedOn(port)).toBe(false);
  });

  test('that fails is told, and the server is stopped all the same', async () => {
    const server = await startServer({
      command: `${WEB_TEXT} & true`,
      launcher: { stopCommand: ['sh', '-c', 'echo cannot; exit 4'] },
      stopTimeoutMs: 60_000,
    });
    const error = await errorOf(ServerStopError, () => server.stop());
    expect(error.message).toContain("'sh -c echo cannot; exit 4' has ended with exit code 4.");
    expect(error.message).toContain('cannot');
    expect(isListenedOn(server.port)).toBe(false);
  });

  test('that cannot be started is told, and what to do', async () => {
    const server = await startServer({
      command: `${WEB_TEXT} & true`,
      launcher: { stopCommand: ['no-such-program'] },
    });
    const error = await errorOf(ServerStopError, () => server.stop());
    expect(error.problem).toBe(
      "'no-such-program' cannot be started: it is neither in PATH nor in node_modules/.bin",
    );
    expect(error.fix).toMatch(/^Install it, or name it by its path;.* Correct stopCommand\.$/);
    expect(isListenedOn(server.port)).toBe(false);
  });

  test('that does not end is killed', async () => {
    const server = await startServer({
      command: `${WEB_TEXT} & true`,
      launcher: { stopCommand: ['sleep', '600'] },
      stopTimeoutMs: 300,
    });
    const error = await errorOf(ServerStopError, () => server.stop());
    expect(error.message).toContain("'sleep 600' has not ended within 300 ms");
    expect(isListenedOn(server.port)).toBe(false);
  });
});

async function waitFor(file: string): Promise<void> {
  await until(`${file} is there`, () => existsSync(file));
}
