import { describe, expect, test } from 'vitest';
import type { RunPortOptions } from '../../src/index.ts';
import { findPackageFolder } from '../../src/platform/package-folder.ts';
import { errorOf } from '../support/catch-error.ts';
import { hasHolds } from '../support/kernel-traits.ts';
import { listen, startServer } from '../support/listening-server.ts';
import { needProgram } from '../support/needs.ts';
import { type PortBlock, reservePorts } from '../support/port-block.ts';
import { RemoteError } from '../support/program.ts';
import { startStranger } from '../support/stranger.ts';
import { until } from '../support/until.ts';
import {
  isLocked,
  packageFolders,
  type RunPortProgram,
  startAsker,
  startAskerThread,
  startServing,
} from './support.ts';

/** What all processes of a test have in their environment. */
function envOf({ spec }: PortBlock): { PORTSLICE_PORTS: string } {
  return { PORTSLICE_PORTS: spec };
}

describe('A run port', () => {
  test('is the same for every process that descends from the one that has claimed it, until that one ends', async () => {
    await using block = await reservePorts(40);
    await using main = startAsker(envOf(block));
    const port = await main.call('runPort', 'web');
    expect(block.ports).toContain(port);
    expect(await main.call('runPort', 'WEB')).toBe(port);
    expect(await main.call('runPort', 'api')).not.toBe(port);
    await using worker = startAsker({ ...envOf(block), PORTSLICE_RUN_PORTS: await main.call('table') });
    await using thread = startAskerThread({ ...envOf(block), PORTSLICE_RUN_PORTS: await main.call('table') });
    expect(await worker.call('runPort', 'Web')).toBe(port);
    expect(await thread.call('runPort', 'web')).toBe(port);
    await worker.end();
    expect(isLocked(port)).toBe(true);
    await main.kill();
    await until('the lock is gone', () => !isLocked(port));
  });

  test('is the same in the next run, and another one in other folders', async () => {
    await using block = await reservePorts(40);
    using folders = packageFolders();
    const portOf = async (folder: string): Promise<number> => {
      await using main = startAsker(envOf(block));
      await main.call('enter', folder);
      return await main.call('runPort', 'web');
    };
    const shop = folders.add('shop');
    const port = await portOf(shop);
    await until('the lock is gone', () => !isLocked(port));
    expect(await portOf(shop)).toBe(port);
    // One of 40 ports each: not all of them can meet by chance.
    const others = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((number) => portOf(folders.add(`shop-${number}`))),
    );
    expect(new Set([port, ...others]).size).toBeGreaterThan(1);
  });

  test('belongs to the folder of the nearest package.json, or to the one that is named', async () => {
    await using block = await reservePorts(40);
    using folders = packageFolders();
    const shop = folders.add('shop');
    const nested = folders.add('shop/packages/api');
    await using main = startAsker(envOf(block));
    await main.call('enter', nested);
    const port = await main.call('runPort', 'web');
    expect(await main.call('runPort', 'web', { folder: nested })).toBe(port);
    expect(await main.call('runPort', 'web', { folder: `${nested}/..` })).toBe(
      await main.call('runPort', 'web', { folder: shop }),
    );
    expect(await main.call('runPort', 'web', { folder: shop })).not.toBe(port);
    // Wherever a process of the run works, the run's folder is meant.
    await using worker = startAsker({ ...envOf(block), PORTSLICE_RUN_PORTS: await main.call('table') });
    await worker.call('enter', shop);
    expect(await worker.call('runPort', 'web')).toBe(port);
  });

  test('is another one, with one line that says why, where the first choice is taken', async () => {
    await using block = await reservePorts(40);
    await using first = startAsker(envOf(block));
    const wanted = await first.call('runPort', 'web');
    await using second = startAsker(envOf(block));
    const port = await second.call('runPort', 'web');
    await second.call('runPort', 'web');
    expect(port).not.toBe(wanted);
    const { stderr } = await second.end();
    expect(stderr.split('\n').filter((line) => line.startsWith('portslice:'))).toEqual([
      expect.stringMatching(
        new RegExp(
          `^portslice: 'web' is ${port} this time: port ${wanted} is taken: pid ${first.pid} .* holds it for 'run port 'web''. Stop that process, and start again, to have ${wanted}$`,
        ),
      ),
    ]);
    expect((await first.end()).stderr).toBe('');
  });

  test('is never one on which a stranger listens', async () => {
    await using block = await reservePorts(40);
    await using before = startAsker(envOf(block));
    const wanted = await before.call('runPort', 'web');
    await before.end();
    await using stranger = await startServer(wanted);
    await using main = startAsker(envOf(block));
    expect(await main.call('runPort', 'web')).not.toBe(wanted);
    expect((await main.end()).stderr).toMatch(
      new RegExp(
        `port ${wanted} is taken: pid ${stranger.pid} .* listens on it\\. Stop that process, and start again, to have ${wanted}\n`,
      ),
    );
  });

  test('can be exactly the one that is asked for, or an error names who has it', async () => {
    await using block = await reservePorts(40);
    const port = block.ports[7] as number;
    await using main = startAsker(envOf(block));
    expect(await main.call('runPort', 'web', { port })).toBe(port);
    await using other = startAsker(envOf(block));
    const error = await errorOf(RemoteError, () => other.call('runPort', 'web', { port }));
    expect(error).toMatchObject({ code: 'PORTSLICE_PORT_TAKEN', facts: { holder: { processId: main.pid } } });
    await main.kill();
    await until('the lock is gone', () => !isLocked(port));
    expect(await other.call('runPort', 'web', { port })).toBe(port);
  });

  test('prefers some ports, and takes none of those that are excluded', async () => {
    await using block = await reservePorts(40);
    const [first, second] = block.ports as [number, number];
    await using main = startAsker(envOf(block));
    await using _server = await listen({ port: first });
    expect(await main.call('runPort', 'web', { preferredPorts: [first, second] })).toBe(second);
    const excludedPorts = block.ports.slice(0, -1);
    expect(await main.call('runPort', 'api', { excludedPorts })).toBe(block.ports.at(-1));
  });

  test('is not changed by a second call that insists on another one', async () => {
    await using block = await reservePorts(40);
    await using main = startAsker(envOf(block));
    const port = await main.call('runPort', 'web');
    const other = block.ports.find((one) => one !== port) as number;
    const error = await errorOf(RemoteError, () => main.call('runPort', 'web', { port: other }));
    expect(error.message).toContain(`port is ${other}, but 'web' is ${port} in this run`);
  });

  test.each([
    [['2web'], 'name'],
    [['web', { join: 1 }], 'join'],
    [['web', { folder: '/no/such/folder' }], 'folder'],
    [['web', { label: 'mine' }], 'label'],
    [['web', { port: 0 }], 'port'],
  ])('refuses %j', async (args, option) => {
    await using main = startAsker();
    const error = await errorOf(RemoteError, () => main.call('runPort', ...(args as [string])));
    expect(error).toMatchObject({ code: 'PORTSLICE_INVALID_OPTION', facts: { option } });
  });
});

describe('A name that the main process has not', () => {
  test.each([
    ['a process that the run has started', {}],
    ["a worker of Playwright's", { TEST_WORKER_INDEX: '0' }],
  ])('is refused to %s', async (_who, env) => {
    await using block = await reservePorts(40);
    await using main = startAsker(envOf(block));
    await main.call('runPort', 'web');
    await using worker = startAsker({
      ...envOf(block),
      ...env,
      PORTSLICE_RUN_PORTS: await main.call('table'),
    });
    const error = await errorOf(RemoteError, () => worker.call('runPort', 'api'));
    expect(error).toMatchObject({
      code: 'PORTSLICE_RUN_PORT_UNKNOWN',
      facts: { runPort: 'api', known: ['web'] },
    });
    expect(error.message).toContain(`(pid ${main.pid})`);
  });

  test('is refused to a worker whose main process has none at all', async () => {
    for (const env of [{ TEST_WORKER_INDEX: '0' }, { VITEST_WORKER_ID: '1' }] as Record<string, string>[]) {
      await using worker = startAsker(env);
      expect(await errorOf(RemoteError, () => worker.call('runPort', 'web'))).toMatchObject({
        code: 'PORTSLICE_RUN_PORT_UNKNOWN',
      });
    }
  });

  test('is refused to a thread of the main process', async () => {
    await using block = await reservePorts(40);
    await using main = startAsker(envOf(block));
    await main.call('runPort', 'web');
    const table = JSON.parse(await main.call('table')) as object;
    await using thread = startAskerThread({
      ...envOf(block),
      PORTSLICE_RUN_PORTS: JSON.stringify({ ...table, processId: process.pid }),
    });
    expect(await errorOf(RemoteError, () => thread.call('runPort', 'api'))).toMatchObject({
      code: 'PORTSLICE_RUN_PORT_UNKNOWN',
    });
  });

  test('is claimed by a runner that a test of another run has started', async () => {
    await using block = await reservePorts(40);
    await using main = startAsker(envOf(block));
    const port = await main.call('runPort', 'web');
    for (const script of [
      '/shop/node_modules/.bin/playwright',
      '/shop/node_modules/@playwright/test/cli.js',
      '/shop/node_modules/vitest/vitest.mjs',
    ]) {
      await using runner = startAsker({
        ...envOf(block),
        TEST_WORKER_INDEX: '0',
        PORTSLICE_RUN_PORTS: await main.call('table'),
      });
      await runner.call('pretendToBe', script);
      expect(await runner.call('runPort', 'web')).not.toBe(port);
    }
  });

  test('is claimed by a runner that has outlived the portslice run it was started in', async () => {
    await using block = await reservePorts(40);
    await using main = startAsker(envOf(block));
    const port = await main.call('runPort', 'web');
    const table = JSON.parse(await main.call('table')) as object;
    await main.kill();
    await until('the lock is gone', () => !isLocked(port));
    await using runner = startAsker({
      ...envOf(block),
      PORTSLICE_RUN_PORTS: JSON.stringify({ ...table, kind: 'command' }),
    });
    await runner.call('pretendToBe', '/shop/node_modules/.bin/vitest');
    expect(isLocked(await runner.call('runPort', 'web'))).toBe(true);
  });

  test('of portslice run is known to a runner that it starts, and to the workers of that', async () => {
    await using block = await reservePorts(40);
    using folders = packageFolders();
    await using command = startAsker(envOf(block));
    const web = await command.call('runPort', 'web');
    const api = await command.call('runPort', 'api');
    const table = JSON.parse(await command.call('table')) as object;
    // Also in another folder, as where a script of a monorepo starts the tests of a package.
    for (const folder of [process.cwd(), folders.add('shop')]) {
      await using runner = startAsker({
        ...envOf(block),
        PORTSLICE_RUN_PORTS: JSON.stringify({ ...table, kind: 'command' }),
      });
      await runner.call('pretendToBe', '/shop/node_modules/.bin/vitest');
      await runner.call('enter', folder);
      await runner.call('startRun');
      await using worker = startAsker({
        ...envOf(block),
        VITEST_WORKER_ID: '1',
        PORTSLICE_RUN_PORTS: await runner.call('table'),
      });
      expect(await worker.call('runPort', 'web')).toBe(web);
      expect(await runner.call('runPort', 'api')).toBe(api);
      expect(await runner.call('table')).toContain(`/web":${web}`);
      await runner.call('stopRun');
    }
  });

  test('is claimed by a process that has outlived its run, but never with the number of another name', async () => {
    await using block = await reservePorts(2);
    await using main = startAsker(envOf(block));
    const port = await main.call('runPort', 'web');
    const table = await main.call('table');
    await main.kill();
    await using left = startAsker({ ...envOf(block), PORTSLICE_RUN_PORTS: table });
    expect(await left.call('runPort', 'web')).toBe(port);
    expect(await left.call('runPort', 'api')).not.toBe(port);
    expect(await errorOf(RemoteError, () => left.call('runPort', 'third'))).toMatchObject({
      code: 'PORTSLICE_POOL_EXHAUSTED',
    });
  });

  test('is told to be of a table that is not ours, if the variable is broken', async () => {
    await using asker = startAsker({ PORTSLICE_RUN_PORTS: '{' });
    expect(await errorOf(RemoteError, () => asker.call('runPort', 'web'))).toMatchObject({
      code: 'PORTSLICE_INVALID_OPTION',
      facts: { option: 'PORTSLICE_RUN_PORTS' },
    });
  });
});

describe('The pool of the run', () => {
  test('knows the run ports as taken, and its end leaves them to their process', async () => {
    await using block = await reservePorts(5);
    await using main = startAsker(envOf(block));
    const before = await main.call('runPort', 'web');
    await main.call('startRun');
    const after = await main.call('runPort', 'api');
    for (const [port, name] of [
      [before, 'web'],
      [after, 'api'],
    ] as const) {
      expect(await main.call('record', port)).toEqual({
        state: 'held',
        label: `run port '${name}'`,
        processId: main.pid,
      });
    }
    expect(await main.call('currentlyAllocated')).toBe(2);
    const others = await main.call('claimAll', 3);
    expect([...others, before, after].toSorted((a, b) => a - b)).toEqual(block.ports);
    expect(await errorOf(RemoteError, () => main.call('claimAll', 1))).toMatchObject({
      code: 'PORTSLICE_POOL_EXHAUSTED',
    });
    await main.call('stopRun');
    expect(block.ports.filter(isLocked).toSorted((a, b) => a - b)).toEqual(
      [before, after].toSorted((a, b) => a - b),
    );
    // As in watch mode, or in an editor.
    await main.call('startRun');
    expect(await main.call('currentlyAllocated')).toBe(2);
    expect(await main.call('runPort', 'web')).toBe(before);
  });

  test('tells workers that there are no run ports', async () => {
    await using block = await reservePorts(5);
    await using main = startAsker(envOf(block));
    await main.call('startRun');
    await using child = startAsker({ ...envOf(block), PORTSLICE_RUN_PORTS: await main.call('table') });
    expect(await errorOf(RemoteError, () => child.call('runPort', 'web'))).toMatchObject({
      code: 'PORTSLICE_RUN_PORT_UNKNOWN',
      facts: { known: [] },
    });
  });
});

describe('A run port of a configuration whose run does not start', () => {
  test('lapses, and is the same when the run starts', async () => {
    await using block = await reservePorts(40);
    await using main = startAsker(envOf(block));
    const port = await main.call('runPort', 'web');
    await main.call('letLapse');
    await until('the port has lapsed', () => !isLocked(port));
    expect(await main.call('runPort', 'web')).toBe(port);
    await main.call('adopt');
    expect(isLocked(port)).toBe(true);
  });

  test('does not lapse while something listens there; one that somebody else has is an error', async () => {
    await using block = await reservePorts(40);
    await using main = startAsker(envOf(block));
    const port = await main.call('runPort', 'web');
    const other = await main.call('runPort', 'api');
    await using _server = await startServer(other);
    await main.call('letLapse');
    await until('the port has lapsed', () => !isLocked(port));
    expect(isLocked(other)).toBe(true);
    await using thief = startAsker(envOf(block));
    await thief.call('runPort', 'mine', { port });
    expect(await errorOf(RemoteError, () => main.call('adopt'))).toMatchObject({
      code: 'PORTSLICE_PORT_TAKEN',
      facts: { holder: { processId: thief.pid } },
    });
  });
});

/** A run that has joined a server on the port, which then ends. */
async function leave(
  folder: string,
  port: number,
  main: RunPortProgram,
  options: RunPortOptions = {},
): Promise<void> {
  await using serving = startServing();
  await serving.call('listen', port);
  const served = { folder: findPackageFolder(folder).id, name: 'web', port, isReady: true };
  await serving.call('announce', served);
  await main.call('enter', folder);
  expect(await main.call('runPort', 'web', options)).toBe(port);
  // While it is served, it is the other one's.
  await main.call('adopt');
  expect(isLocked(port)).toBe(false);
  await serving.kill();
}

test('A server on an excluded port is not joined', async () => {
  await using block = await reservePorts(40);
  using folders = packageFolders();
  const folder = folders.add('shop');
  const port = block.ports[5] as number;
  await using serving = startServing();
  await serving.call('listen', port);
  const served = { folder: findPackageFolder(folder).id, name: 'web', port, isReady: true };
  await serving.call('announce', served);
  await using main = startAsker(envOf(block));
  await main.call('enter', folder);
  expect(await main.call('runPort', 'web', { excludedPorts: [port] })).not.toBe(port);
});

describe('A run port whose server was joined, and has ended before the run starts', () => {
  test('is claimed by the run', async () => {
    await using block = await reservePorts(40);
    using folders = packageFolders();
    const port = block.ports[5] as number;
    await using main = startAsker(envOf(block));
    await leave(folders.add('shop'), port, main);
    await main.call('adopt');
    await using other = startAsker(envOf(block));
    const error = await errorOf(RemoteError, () => other.call('runPort', 'mine', { port }));
    expect(error).toMatchObject({ facts: { holder: { processId: main.pid } } });
  });

  // Elsewhere the lock is in the way of a strict bind.
  test.runIf(hasHolds)('is claimed as its options say', async (context) => {
    await using stranger = startStranger(needProgram(context, 'python3'));
    await using block = await reservePorts(40);
    using folders = packageFolders();
    const port = block.ports[5] as number;
    await using main = startAsker(envOf(block));
    await leave(folders.add('shop'), port, main, { hold: false });
    await main.call('adopt');
    expect(isLocked(port)).toBe(true);
    // As a server that shares a port with nobody.
    expect(await stranger.bindStrictly([port])).toBe(1);
  });

  test('is an error where somebody else has it now', async () => {
    await using block = await reservePorts(40);
    using folders = packageFolders();
    const port = block.ports[5] as number;
    await using main = startAsker(envOf(block));
    await leave(folders.add('shop'), port, main);
    await using thief = startAsker(envOf(block));
    await thief.call('runPort', 'mine', { port });
    const error = await errorOf(RemoteError, () => main.call('adopt'));
    expect(error).toMatchObject({ code: 'PORTSLICE_PORT_TAKEN' });
  });
});
