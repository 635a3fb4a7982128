/** What the fixtures of both runners do with servers. */
import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import {
  InvalidOptionError,
  portIsInUse,
  PortPoolExhaustedError,
  type Server,
  ServerCommandError,
  type ServerDiedError,
  ServerNotReadyError,
  ServerStoppedError,
  TestEndedError,
} from '../../src/index.ts';
import { blockMs } from '../../src/platform/clock.ts';
import { platform } from '../../src/platform/platform.ts';
import type { DispenserFacts, PortUse } from '../../src/plugin/port-dispenser.ts';
import { ServerDispenser } from '../../src/plugin/server-dispenser.ts';
import type { StartServerOptions } from '../../src/server/server-options.ts';
import { errorOf } from '../support/catch-error.ts';
import { openTestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';

function openServers(facts: Partial<DispenserFacts> = {}, options?: StartServerOptions): ServerDispenser {
  return new ServerDispenser(
    {
      fixture: 'servers',
      label: 'shop > pays',
      defaults: {},
      testTimeoutMs: 0,
      scope: 'test',
      onAcquire: () => undefined,
      ...facts,
    },
    options,
  );
}

const LISTEN = `
const { createServer } = require('node:http');
for (const port of process.argv.slice(1)) createServer((_, response) => response.end()).listen(port);
`;

const web: StartServerOptions = { command: [process.execPath, '-e', LISTEN, '{port}'] };

function inside(): StartServerOptions {
  return { command: ({ port }) => createServer((_request, response) => response.end('inside')).listen(port) };
}

function statesOf(uses: readonly PortUse[]): (string | undefined)[] {
  return uses.map(({ state }) => state);
}

describe('servers of a test', () => {
  test('stop with it, all of them, and their ports are told and released', async () => {
    await using _pool = await openTestPool(4);
    const servers = openServers({ defaults: { hosts: ['127.0.0.1'] } });
    const [one, two] = await Promise.all([
      servers.start({ command: [process.execPath, '-e', LISTEN, '{port}', '{port:admin}'] }),
      servers.start(inside()),
    ]);
    expect(one.url('/')).toBe(`http://127.0.0.1:${one.port}/`);
    expect(await (await fetch(two.url())).text()).toBe('inside');
    await servers.endAll(false);
    expect([one, two].map(({ port }) => portIsInUse(port))).toEqual([false, false]);
    expect(statesOf(servers.ports.uses)).toEqual(['free', 'free', 'free']);
    const admin = one.ports['admin']?.port;
    expect(servers.uses).toMatchObject([
      { fixture: 'servers', port: one.port, ports: { port: one.port, admin }, pid: one.pid },
      { command: 'a function', port: two.port, ports: { port: two.port } },
    ]);
    for (const { startedAtMs, readyAfterMs, endedAtMs = 0 } of servers.uses) {
      expect(readyAfterMs).toBeGreaterThan(0);
      expect(endedAtMs).toBeGreaterThanOrEqual(startedAtMs);
    }
    expect(servers.uses[0]?.command).toContain(`${one.port} ${admin}`);
  });

  test('leave sealed ports if it has failed, since its body may still connect to them', async () => {
    await using _pool = await openTestPool(1);
    const servers = openServers();
    await servers.start(inside());
    await servers.endAll(true);
    expect(statesOf(servers.ports.uses)).toEqual(['sealed']);
  });

  test('can stop before it, and then give their ports back', async () => {
    await using _pool = await openTestPool(1);
    const servers = openServers();
    const first = await servers.start(inside());
    await first.stop();
    const second = await servers.start(inside());
    expect(second.port).toBe(first.port);
    await servers.endAll(true);
    expect(statesOf(servers.ports.uses)).toEqual(['free', 'sealed']);
  });

  test('are those of the options, without any of their own', async () => {
    await using _pool = await openTestPool(2);
    const servers = openServers({}, inside());
    const [one, two] = [await servers.start(), await servers.start()];
    expect(one.port).not.toBe(two.port);
    await servers.endAll(false);
    const error = await errorOf(InvalidOptionError, () => openServers().start());
    expect(error).toMatchObject({ option: 'serverOptions', value: undefined });
    expect(error.message).toBe(
      'serverOptions is not set, so that servers.start() without options has nothing to start; ' +
        "expected what startServer() takes, such as { command: ['node', 'server.js', '{port}'] }.",
    );
    const ofWorker = openServers({ fixture: 'workerServers' });
    await expect(ofWorker.start()).rejects.toThrow('workerServerOptions is not set');
  });

  test('get no port that another one has', async () => {
    await using _pool = await openTestPool(1);
    const [first, second] = [openServers(), openServers({ testTimeoutMs: 200 })];
    await first.start(inside());
    const error = await errorOf(PortPoolExhaustedError, () => second.start(inside()));
    expect(error.facts.wantedPortCount).toBe(1);
    for (const servers of [first, second]) await servers.endAll(false);
  });
});

describe('the outputs of servers', () => {
  test('are those of servers that have written something', async () => {
    await using _pool = await openTestPool(3);
    const servers = openServers();
    const says = "console.log('here')";
    await servers.start(inside());
    const server = await servers.start({ command: [process.execPath, '-e', `${says};${LISTEN}`, '{port}'] });
    await errorOf(ServerCommandError, () => servers.start({ command: ['no-such-program'] }));
    await until('it has said so', () => server.output() !== '');
    expect(servers.outputs()).toMatchObject([{ use: { port: server.port }, text: 'here\n' }]);
    expect(servers.uses).toHaveLength(3);
    await servers.endAll(true);
  });
});

describe('a server that is described', () => {
  test('has its ports at once, and is started once, when it is wanted', async () => {
    await using _pool = await openTestPool(1);
    const servers = openServers();
    let starts = 0;
    const own = await servers.claim({
      command: ({ port }) => {
        starts++;
        return createServer().listen(port);
      },
    });
    expect(starts).toBe(0);
    expect(servers.uses).toEqual([]);
    const started: Server[] = await Promise.all([own.start(), own.start()]);
    expect(started.map((server) => server.url())).toEqual([own.url, own.url]);
    expect(starts).toBe(1);
    await servers.endAll(false);
  });

  test('that nobody has wanted leaves nothing but its port', async () => {
    await using _pool = await openTestPool(1);
    const servers = openServers();
    const own = await servers.claim(web);
    await servers.endAll(true);
    expect(servers.uses).toEqual([]);
    expect(servers.outputs()).toEqual([]);
    expect(statesOf(servers.ports.uses)).toEqual(['sealed']);
    await errorOf(TestEndedError, () => own.start());
  });
});

describe('a test that has ended', () => {
  test('gets no more servers, also not the one that is starting', async () => {
    await using _pool = await openTestPool(2);
    const servers = openServers();
    let wasAsked = false;
    const ready = (): boolean => {
      wasAsked = true;
      return false;
    };
    const starting = errorOf(TestEndedError, () => servers.start({ ...web, ready }));
    await until('it was asked', () => wasAsked);
    await servers.endAll(true);
    await starting;
    await errorOf(TestEndedError, () => servers.start(web));
    const [{ pid, readyAfterMs } = {}] = servers.uses;
    expect(readyAfterMs).toBe(undefined);
    expect(() => process.kill(pid as number, 0)).toThrow('ESRCH');
  });

  test('has servers that cannot be restarted', async () => {
    await using _pool = await openTestPool(1);
    const servers = openServers();
    const server = await servers.start(inside());
    await servers.endAll(false);
    const error = await errorOf(ServerStoppedError, () => server.restart());
    expect(error.port).toBe(server.port);
  });
});

describe('a fixture waits for a server', () => {
  test('for a part of the test’s time only, whatever it is asked', async () => {
    await using _pool = await openTestPool(2);
    const servers = openServers({ testTimeoutMs: 5_000 });
    const never: StartServerOptions = { ...web, ready: () => false, readyTimeoutMs: 600_000 };
    const first = await errorOf(ServerNotReadyError, () => servers.start(never));
    expect(first.timeoutMs).toBeLessThanOrEqual(4_000);
    const second = await errorOf(ServerNotReadyError, () => servers.start(never));
    expect(second.timeoutMs).toBeLessThan(first.timeoutMs);
    await servers.endAll(true);
  });
});

async function startMortal(servers: ServerDispenser): Promise<Server> {
  // It can be told to die before it listens.
  const dies = `process.on('SIGUSR2', () => { console.log('last words'); process.exit(7); }); ${LISTEN}`;
  return servers.start({ command: [process.execPath, '-e', dies, '{port}'] });
}

describe('servers that end by themselves', () => {
  test('are named also if this process had to wait for longer than it waits for their end', async () => {
    await using _pool = await openTestPool(1);
    const servers = openServers();
    const server = await startMortal(servers);
    process.kill(server.pid as number, 'SIGUSR2');
    const finding = servers.findDeaths(['connect ECONNREFUSED']);
    // Dead, but nobody here has been told.
    do blockMs(600);
    while (platform.isRunning(server.pid as number));
    expect(await finding).toMatchObject([{ exitCode: 7 }]);
    await servers.endAll(true);
  });

  test('are named with how they have ended, and their last lines', async () => {
    await using _pool = await openTestPool(1);
    const servers = openServers();
    const server = await startMortal(servers);
    expect(await servers.findDeaths(['a wrong answer'])).toEqual([]);
    process.kill(server.pid as number, 'SIGUSR2');
    // Its parent has not noticed yet, and on a busy machine need not have in the time for which it waits.
    let death: ServerDiedError | undefined;
    await until('its death is found', async () => {
      [death] = await servers.findDeaths(['connect ECONNREFUSED']);
      return death !== undefined;
    });
    expect(death).toMatchObject({
      port: server.port,
      processId: server.pid,
      exitCode: 7,
      output: 'last words\n',
    });
    expect(death?.message).toContain('had ended by itself');
    expect(death?.message).toContain(
      'exit code 7). Correct what it complains of. If the test ends it on purpose, use server.stop() or server.restart(). ' +
        'Its last output:\nlast words',
    );
    await servers.endAll(true);
    expect(servers.uses).toMatchObject([{ exitCode: 7 }]);
  });

  test('are none of those that were stopped, or that have come back', async () => {
    await using _pool = await openTestPool(2);
    const servers = openServers();
    const [stopped, restarted] = [await startMortal(servers), await startMortal(servers)];
    await stopped.stop();
    process.kill(restarted.pid as number, 'SIGUSR2');
    await restarted.exited;
    await restarted.restart();
    expect(await servers.findDeaths([])).toEqual([]);
    await servers.endAll(false);
    expect(servers.uses.some((use) => 'exitCode' in use)).toBe(false);
  });
});
