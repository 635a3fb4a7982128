/** A server comes back on the same ports, which nobody else can have in between. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { PortTakenError, ServerExitedError, ServerStoppedError, startServer } from '../../src/index.ts';
import { errorOf } from '../support/catch-error.ts';
import { hasHolds } from '../support/kernel-traits.ts';
import { needProgram } from '../support/needs.ts';
import { startStranger } from '../support/stranger.ts';
import { openTestPool } from '../support/test-pool.ts';
import { ask, isRunning, WEB } from './web.ts';

test('A server that is restarted is another process on the same port', async () => {
  await using _opened = await openTestPool(2);
  const server = await startServer({ command: [...WEB, '{port:admin}'], ready: '/' });
  const { pid, port, exited } = server;
  const first = await ask(server);
  await server.restart();
  expect(await ask(server)).toMatchObject({ port, args: first.args });
  expect(server.pid).not.toBe(pid);
  expect(server.port).toBe(port);
  expect(isRunning(pid as number)).toBe(false);
  expect(await exited).toMatchObject({ signal: 'SIGTERM' });
  await server.stop();
  await expect.poll(() => server.output()).toBe(`listening on ${port}\n`.repeat(2));
});

test('Nobody gets the port of a server while it is restarted', async (context) => {
  await using stranger = startStranger(needProgram(context, 'python3'));
  await using opened = await openTestPool(1);
  await using server = await startServer({ command: WEB });
  const over = new AbortController();
  const outcomes = new Set<string>();
  const competing = (async () => {
    for (let turn = 0; !over.signal.aborted; turn++) {
      const claim = opened.pool.slice().acquire({ port: server.port, acquireTimeoutMs: 0 });
      await claim.then(
        () => outcomes.add('claimed'),
        (error: unknown) => outcomes.add(error instanceof PortTakenError ? 'taken' : String(error)),
      );
      // Without a hold a port is kept from other claims alone.
      if (!hasHolds) continue;
      const host = turn % 2 === 0 ? '0.0.0.0' : '127.0.0.1';
      outcomes.add(await stranger.tryToServe({ family: 'ipv4', host }, server.port));
      // As connect() and listen(0) see it.
      outcomes.add(String(await stranger.bindStrictly([server.port])));
    }
  })();
  for (let turn = 0; turn < 5; turn++) {
    await server.restart();
    expect(await ask(server)).toMatchObject({ pid: server.pid });
  }
  over.abort();
  await competing;
  expect(outcomes).toEqual(new Set(hasHolds ? ['taken', 'EADDRINUSE', '0'] : ['taken']));
});

test('A server that has crashed comes back with a restart', async () => {
  await using _opened = await openTestPool(1);
  await using server = await startServer({ command: WEB });
  process.kill(server.pid as number, 'SIGKILL');
  await server.exited;
  await server.restart();
  expect(await ask(server)).toMatchObject({ pid: server.pid });
});

test('A restart that fails keeps the port, and can be tried again', async () => {
  await using opened = await openTestPool(1);
  let isBroken = false;
  await using server = await startServer({
    command: async ({ port }) => {
      if (isBroken) throw new Error('broken');
      const { createServer } = await import('node:http');
      return createServer((_request, response) => response.end('{}')).listen(port);
    },
  });
  isBroken = true;
  await expect(server.restart()).rejects.toThrow('broken');
  expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 1 });
  isBroken = false;
  await server.restart();
  expect(await ask(server)).toEqual({});
});

test('A command that fails the second time is told as the first time', async () => {
  await using opened = await openTestPool(1);
  const command = `test -e "$FLAG" && exit 9; touch "$FLAG"; exec ${WEB.map((part) => `'${part}'`).join(' ')}`;
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-flag-'));
  try {
    await using server = await startServer({ command, env: { FLAG: `${folder}/flag` } });
    const error = await errorOf(ServerExitedError, () => server.restart());
    expect(error).toMatchObject({ exitCode: 9, port: server.port });
    expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 1 });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('A server that was stopped cannot be restarted', async () => {
  await using _opened = await openTestPool(1);
  const server = await startServer({ command: WEB });
  await server.stop();
  const error = await errorOf(ServerStoppedError, () => server.restart());
  expect(error.port).toBe(server.port);
});
