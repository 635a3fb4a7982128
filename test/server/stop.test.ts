/** What is left of servers that were stopped, and of those that nobody stops. */
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { ServerStopError, startServer, type StartServerOptions } from '../../src/index.ts';
import { listProcesses, readCommand, readEnvironment } from '../../src/platform/linux/proc.ts';
import { errorOf } from '../support/catch-error.ts';
import { countDescriptors } from '../support/descriptors.ts';
import { cleanEnvironment } from '../support/environment.ts';
import { startProcess } from '../support/live-process.ts';
import { projectFolder } from '../support/run-script.ts';
import { openTestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';
import { collectWarnings } from '../support/warnings.ts';
import { isListenedOn, isRunning, WEB, WEB_TEXT } from './web.ts';

describe('A server that is stopped', () => {
  test('is stopped once, however often and at the same time it is asked for', async () => {
    await using opened = await openTestPool(1);
    const server = await startServer({ command: WEB });
    await Promise.all([server.stop(), server.stop(), server[Symbol.asyncDispose]()]);
    await server.stop();
    expect(isRunning(server.pid as number)).toBe(false);
    expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 0, leaks: 0 });
  });

  test('is killed if it does not end in time', async () => {
    await using _opened = await openTestPool(1);
    const server = await startServer({ command: WEB, env: { STUBBORN: '1' }, stopTimeoutMs: 2_000 });
    const { exited } = server;
    await server.stop();
    expect(await exited).toEqual({ exitCode: undefined, signal: 'SIGKILL' });
    expect(server.output()).toContain('no\n');
    expect(isListenedOn(server.port)).toBe(false);
  });

  test('and had to be killed is told once for its command, with what would spare the time', async () => {
    await using _opened = await openTestPool(2);
    using warnings = collectWarnings();
    const wild: StartServerOptions = {
      command: [...WEB, 'wild'],
      env: { STUBBORN: '1' },
      stopTimeoutMs: 200,
    };
    const [first, second] = [await startServer(wild), await startServer({ ...wild, label: 'the other' })];
    await first.restart();
    await Promise.all([first.stop(), second.stop()]);
    const calm = await startServer({
      command: [...WEB, 'calm'],
      stopTimeoutMs: 60_000,
      stopSignal: 'SIGKILL',
    });
    await calm.stop();
    const [warning, ...others] = await warnings.withCode('PORTSLICE_SERVER_KILLED');
    expect(others).toEqual([]);
    expect(warning).toContain(`web.program.ts {port} wild' had to be killed, 200 ms after SIGTERM.`);
    expect(warning).toContain('stopSignal');
    expect(warning).toContain('stopTimeoutMs');
  });

  test('and had to be killed after no time at all is as it was wanted', async () => {
    await using _opened = await openTestPool(1);
    using warnings = collectWarnings();
    await (
      await startServer({ command: [...WEB, 'at once'], env: { STUBBORN: '1' }, stopTimeoutMs: 0 })
    ).stop();
    expect(await warnings.withCode('PORTSLICE_SERVER_KILLED')).toEqual([]);
  });

  test('gets the signal that is asked for', async () => {
    await using _opened = await openTestPool(1);
    const text = `process.on('SIGINT', () => process.exit(7)); require('http').createServer().listen(process.argv[1])`;
    const command = [process.execPath, '-e', text, '{port}'];
    const server = await startServer({ command, stopSignal: 'SIGINT' });
    await server.stop();
    expect(await server.exited).toEqual({ exitCode: 7, signal: undefined });
  });

  test('takes a tree of fifty processes with it', async () => {
    await using _opened = await openTestPool(1);
    const command = `for i in $(seq 24); do (sleep 600 & wait) & setsid sleep 600 & done; exec ${WEB_TEXT}`;
    const server = await startServer({ command });
    await until('all are there', () => countSleeps(server.port) >= 48);
    await server.stop();
    expect(countSleeps(server.port)).toBe(0);
  });

  test('can have ended before', async () => {
    await using opened = await openTestPool(1);
    const server = await startServer({ command: WEB });
    process.kill(server.pid as number, 'SIGKILL');
    expect(await server.exited).toEqual({ exitCode: undefined, signal: 'SIGKILL' });
    await server.stop();
    expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 0, leaks: 0 });
  });

  test('says so where it cannot be closed, and gives its port back', async () => {
    await using opened = await openTestPool(1);
    const failure = new Error('still busy');
    const server = await startServer({
      command: async ({ port }) => {
        const { createServer } = await import('node:http');
        const web = createServer().listen(port);
        return () => {
          web.close();
          throw failure;
        };
      },
      label: 'the busy one',
    });
    const error = await errorOf(ServerStopError, () => server.stop());
    expect(error.message).toBe(
      "'the busy one' could not be stopped: Error: still busy. " +
        'Correct what the function of the server has returned to close it. It has written nothing.',
    );
    expect(error.cause).toBe(failure);
    expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 0 });
  });
});

/** By their environment: each has its server's port. */
function countSleeps(port: number): number {
  return listProcesses().filter(
    (processId) =>
      isRunning(processId) &&
      readEnvironment(processId).get('PORT') === String(port) &&
      readCommand(processId) === 'sleep 600',
  ).length;
}

describe('Two hundred servers, one after the other', () => {
  test('leave no process, no descriptor and no port', { timeout: 300_000 }, async () => {
    await using opened = await openTestPool(10);
    await (await startServer({ command: WEB })).stop();
    const before = countDescriptors();
    const processIds: number[] = [];
    for (let round = 0; round < 50; round++) {
      // A small server, four at a time.
      const command = ['python3', '-c', SMALL, '{port}'];
      const servers = await Promise.all([1, 2, 3, 4].map(async () => startServer({ command })));
      processIds.push(...servers.map(({ pid }) => pid as number));
      await Promise.all(servers.map(async (server) => server.stop()));
    }
    expect(processIds).toHaveLength(200);
    expect(processIds.filter(isRunning)).toEqual([]);
    // Node closes a handle in a later turn of its loop.
    await until('all descriptors are closed', () => countDescriptors() <= before);
    expect(opened.pool.stats()).toMatchObject({
      currentlyAllocatedPorts: 0,
      leaks: 0,
      lifetimeTotalAllocatedPorts: 201,
    });
    expect(opened.ports.filter(isListenedOn)).toEqual([]);
  });
});

const SMALL = `
import socket, sys, time
made = socket.create_server(("", int(sys.argv[1])))
time.sleep(600)
`;

/** A script that starts one, says its pid and does what is said. */
async function startScript(then: string): Promise<{ pid: number; script: ReturnType<typeof startProcess> }> {
  const code = `
    const { startServer } = await import('./src/index.ts');
    const server = await startServer({ command: ${JSON.stringify(WEB)} });
    const answer = await (await fetch(server.url('/'), { headers: { connection: 'close' } })).json();
    console.log(answer.pid);
    ${then}`;
  const script = startProcess([process.execPath, '--input-type=module', '-e', code], {
    cwd: projectFolder,
    env: cleanEnvironment(),
    stdout: 'pipe',
  });
  const [chunk] = (await once(script.child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return { pid: Number(chunk.toString()), script };
}

describe('A server that nobody stops', () => {
  test.each([
    ['at the end of the script, which it does not keep from ending', ''],
    ['with process.exit()', 'process.exit(0);'],
    ['with an error that nobody catches', 'setImmediate(() => { throw new Error("oh"); });'],
  ])('ends with this process %s', async (_how, then) => {
    const { pid, script } = await startScript(then);
    await script.exit;
    await until('it has ended', () => !isRunning(pid));
    expect(isRunning(pid)).toBe(false);
  });

  test('keeps the process of those who wait for its end', async () => {
    const { pid, script } = await startScript(
      'const { signal } = await server.exited; process.exit(signal === "SIGTERM" ? 3 : 4);',
    );
    process.kill(pid, 'SIGTERM');
    expect(await script.exit).toMatchObject({ code: 3 });
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
    'ends with this process by %s',
    async (signal) => {
      const { pid, script } = await startScript('setInterval(() => {}, 1e6);');
      script.child.kill(signal);
      expect(await script.exit).toMatchObject({ signal });
      await until('it has ended', () => !isRunning(pid));
      expect(isRunning(pid)).toBe(false);
    },
  );

  test('does not keep those from ending the process who do so only if they are alone', async () => {
    const { pid, script } = await startScript(`
      const end = () => { if (process.listeners('SIGTERM').length === 1) process.exit(6); };
      process.on('SIGTERM', end);
      setInterval(() => {}, 1e6);`);
    script.child.kill('SIGTERM');
    expect(await script.exit).toMatchObject({ code: 6 });
    await until('it has ended', () => !isRunning(pid));
    expect(isRunning(pid)).toBe(false);
  });

  test('leaves a signal to those who listen to it, each time', async () => {
    const { pid, script } = await startScript(
      `let count = 0;
       process.on('SIGTERM', async () => {
         if (++count === 1) return console.log('once');
         await server.stop();
         process.exit(5);
       });
       setInterval(() => {}, 1e6);`,
    );
    script.child.kill('SIGTERM');
    await once(script.child.stdout as NodeJS.ReadableStream, 'data');
    expect(isRunning(pid)).toBe(true);
    script.child.kill('SIGTERM');
    expect(await script.exit).toMatchObject({ code: 5 });
    expect(isRunning(pid)).toBe(false);
  });
});

test('A server’s restarts and stop follow each other', async () => {
  await using _opened = await openTestPool(1);
  const server = await startServer({ command: WEB });
  const restarting = Promise.allSettled([server.restart(), server.restart()]);
  await server.stop();
  expect((await restarting).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(isListenedOn(server.port)).toBe(false);
});
