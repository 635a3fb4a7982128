import { neededProgram } from './support/needed-program.ts';
import { playwrightFiles, runPlaywright } from './support/playwright-project.ts';
import { expect, test } from './support/project.ts';
import { expectAllReleased } from './support/what-is-left.ts';

test('every fixture hands out ports, for the test or for the worker', async ({ createProject }) => {
  const files = playwrightFiles('workers: 1', {
    'ports.spec.ts': `
      import { expect, test } from 'portslice/playwright';
      import { close, isLocked, serve } from './inside.ts';

      let ofTest, ofWorker;

      test('first', async ({ port, ports, workerPort, workerPorts }) => {
        const number = await ports.getNextAvailableTCPPort();
        ofTest = [port, await ports.acquire(), ...(await ports.acquireMany(2)), { port: number }];
        ofWorker = [workerPort, await workerPorts.acquire(), ...(await workerPorts.acquireMany(2))];
        const all = [...ofTest, ...ofWorker];
        expect(new Set(all.map(({ port }) => port)).size).toBe(9);
        expect(all.every(isLocked)).toBe(true);
        const servers = await Promise.all(all.map(serve));
        expect(await (await fetch(port.url())).text()).toBe('pid ' + process.pid);
        await Promise.all(servers.map(close));
      });

      test('second', async ({ port, workerPort }) => {
        expect(ofTest.some(isLocked)).toBe(false);
        expect(ofWorker.every(isLocked)).toBe(true);
        expect(workerPort).toBe(ofWorker[0]);
        expect(ofTest.map(({ port }) => port)).not.toContain(port.port);
      });

      test('a test that uses no port claims none', async ({ workerPorts }) => {
        const { portAllocationStats } = await import('portslice');
        expect(portAllocationStats().currentlyAllocatedPorts).toBe(4);
      });

      test.describe('serial', () => {
        test.describe.configure({ mode: 'serial' });
        let shared;
        test.beforeAll(async ({ workerPort }) => {
          shared = await serve(workerPort);
        });
        test.afterAll(() => close(shared));
        for (const title of ['one', 'two']) {
          test(title, async ({ workerPort, port }) => {
            await test.step('a step', async () => {
              const server = await serve(port);
              expect(shared.address().port).toBe(workerPort.port);
              expect((await fetch(workerPort.url('/'))).ok).toBe(true);
              await close(server);
            });
          });
        }
      });
    `,
  });
  const project = await createProject(files);
  const run = await runPlaywright(project);
  expect(run.titles('passed')).toHaveLength(5);
  expect(run.exitCode, run.output).toBe(0);
  await expectAllReleased(project);
});

/** As servers in C without SO_REUSEADDR: listens strictly. */
const STRICT_BIND = `
import socket, sys
server = socket.socket()
server.bind(('', int(sys.argv[1])))
server.listen()
print('listening')
`;

test('options come from the configuration, from test.use and from each call', async ({ createProject }) => {
  const files = playwrightFiles(`projects: [{ name: 'strict', use: { portOptions: { hold: false } } }]`, {
    'strict.py': STRICT_BIND,
    'options.spec.ts': `
      import { spawnSync } from 'node:child_process';
      import { expect, test } from 'portslice/playwright';

      const bindStrictly = ({ port }) => spawnSync('${neededProgram('python3')}', ['strict.py', String(port)], { encoding: 'utf8' });

      test('of the project', async ({ port, ports, portOptions }) => {
        expect(portOptions).toEqual({ hold: false });
        expect(bindStrictly(port).stdout).toBe('listening\\n');
        expect(bindStrictly(await ports.acquire()).stdout).toBe('listening\\n');
        expect(bindStrictly(await ports.acquire({ hold: true })).stderr).toContain('Address already in use');
      });

      test.describe('of a group', () => {
        test.use({ portOptions: { hosts: ['127.0.0.1'], socketAddressFamily: 'ipv4', acquireTimeoutMs: 20 } });

        test('hosts and family', async ({ port, ports }) => {
          expect(port).toMatchObject({ hosts: ['127.0.0.1'], socketAddressFamily: 'ipv4' });
          expect(port.url()).toBe('http://127.0.0.1:' + port);
          expect(await ports.acquire()).toMatchObject({ hosts: ['127.0.0.1'], socketAddressFamily: 'ipv4' });
          expect(await ports.acquire({ hosts: ['localhost'] })).toMatchObject({ hosts: ['localhost'] });
        });

        test('time-out', async ({ ports }) => {
          const held = await ports.acquire();
          const error = await ports.acquireMany(100).catch((reason) => reason);
          expect(error.code).toBe('PORTSLICE_POOL_EXHAUSTED');
          expect(error.facts).toMatchObject({ wantedPortCount: 100, poolPortCount: 100, holders: [{ port: held.port }] });
          // All or none: those that were free were given back.
          expect(await ports.acquireMany(99)).toHaveLength(99);
        });
      });

      test.describe('wrong ones', () => {
        test.use({ portOptions: { hosts: ['192.0.2.1'] } });
        test('a host of another machine', async ({ port }) => {});
      });
    `,
  });
  const project = await createProject(files);
  const run = await runPlaywright(project, ['--workers=1']);
  expect(run.titles('passed'), run.output).toEqual(['of the project', 'hosts and family', 'time-out']);
  expect(run.result('a host of another machine').error?.message).toContain("HostError: Host '192.0.2.1'");
  await expectAllReleased(project);
});

test('the fixtures extend other tests, merge with them, and carry the users own fixtures', async ({
  createProject,
}) => {
  const files = playwrightFiles('workers: 2, fullyParallel: true', {
    'own-test.ts': `
      import { expect, mergeTests, test as base } from '@playwright/test';
      import { portFixtures, test as portTest } from 'portslice/playwright';
      import { close, serve } from './inside.ts';

      export { expect };
      export const extended = base.extend(portFixtures);
      const greeting = base.extend({ greeting: ['hello', { option: true }] });
      // The same fixtures by two ways, as in a project whose parts each extend portslice's test.
      export const merged = mergeTests(greeting, portTest, portTest.extend({ farewell: 'bye' }), extended);
      export const test = merged.extend({
        server: async ({ port }, use) => {
          const server = await serve(port);
          await use(port.url());
          await close(server);
        },
        sharedServer: [async ({ workerPort }, use) => {
          const server = await serve(workerPort);
          await use(workerPort.url());
          await close(server);
        }, { scope: 'worker' }],
      });
    `,
    'own.spec.ts': `
      import { expect, extended, merged, test } from './own-test.ts';
      import { isLocked } from './inside.ts';

      extended('extended', async ({ port, workerPort }) => {
        expect([port, workerPort].every(isLocked)).toBe(true);
      });

      merged('merged', async ({ port, greeting, farewell }) => {
        expect({ greeting, farewell, locked: isLocked(port) }).toEqual({
          greeting: 'hello',
          farewell: 'bye',
          locked: true,
        });
      });

      for (const title of ['users 1', 'users 2', 'users 3', 'users 4']) {
        test(title, async ({ server, sharedServer, port, workerPort, ports }) => {
          expect(server).toBe('http://localhost:' + port);
          expect(sharedServer).toBe('http://localhost:' + workerPort);
          for (const url of [server, sharedServer]) expect(await (await fetch(url)).text()).toBe('pid ' + process.pid);
          expect(isLocked(await ports.acquire())).toBe(true);
        });
      }
    `,
  });
  const project = await createProject(files);
  const run = await runPlaywright(project);
  expect(run.titles('passed'), run.output).toHaveLength(6);
  expect(run.exitCode).toBe(0);
  // A user's fixture closes its server before we look for leaks.
  expect(run.output).not.toContain('PORTSLICE');
  await expectAllReleased(project);
});
