import type { PortAllocationStats } from '../src/index.ts';
import type { LogEntry } from './support/inside.program.ts';
import { playwrightFiles, runPlaywright } from './support/playwright-project.ts';
import { expect, test } from './support/project.ts';
import { expectAllReleased } from './support/what-is-left.ts';

/** Plays back what the servers have logged. @returns every entry at which two servers had the same port */
function collisions(log: readonly LogEntry[]): LogEntry[] {
  const listening = new Set<number>();
  return log.filter(({ event, port }) => {
    if (event === 'closed') listening.delete(port);
    if (event !== 'listening') return event === 'refused';
    const isTaken = listening.has(port);
    listening.add(port);
    return isTaken;
  });
}

function ascending(numbers: Iterable<number>): number[] {
  return [...numbers].toSorted((left, right) => left - right);
}

test('six workers with real servers share no port, and each has a slice of its own', async ({
  createProject,
}) => {
  // A port on which a server was is passed by for 60 s while there are others. Each worker needs 13, and its slice has 50:
  // more than enough even if an earlier test had the same ports.
  const files = playwrightFiles(
    `fullyParallel: true, workers: 6, globalSetup: './statistics.ts'`,
    {
      'statistics.ts': `
      import { portAllocationStats } from 'portslice';
      import { note } from './inside.ts';
      export default () => () => note(JSON.stringify(portAllocationStats()));
    `,
      'a.spec.ts': `
      import { expect, test } from 'portslice/playwright';
      import { close, readLog, serve, until } from './inside.ts';
      function haveListened(count) {
        const workers = readLog().filter(({ event }) => event === 'listening').map(({ worker }) => worker);
        return [0, 1, 2, 3, 4, 5].every((one) => workers.filter((worker) => worker === one).length >= count);
      }
      for (let index = 0; index < 36; index++) {
        test('test ' + index, async ({ port, ports, workerPort }) => {
          const second = await ports.acquire();
          const servers = [await serve(port), await serve(second)];
          // In six rounds, of which each worker has one test, all at the same time.
          const round = Math.floor(index / 6);
          await until(() => haveListened(2 * (round + 1)));
          for (const url of [port.url(), second.url()]) {
            expect(await (await fetch(url)).text()).toBe('pid ' + process.pid);
          }
          for (const server of servers) await close(server);
        });
      }
    `,
    },
    'restMs: 0',
  );
  const project = await createProject(files, 5);
  const run = await runPlaywright(project);
  expect(run.titles('passed'), run.output).toHaveLength(36);
  expect(collisions(run.log)).toEqual([]);
  const listened = run.log.filter(({ event }) => event === 'listening');
  expect(listened).toHaveLength(72);

  // Slices are contiguous and the pool starts anywhere: all around it, the worker changes as often as there are workers.
  const workerOf = new Map(listened.map(({ port, worker }) => [port, worker]));
  const inOrder = [...workerOf].toSorted(([left], [right]) => left - right).map(([, worker]) => worker);
  const changes = inOrder.filter((worker, index) => worker !== inOrder.at(index - 1));
  expect(ascending(changes)).toEqual([0, 1, 2, 3, 4, 5]);

  const statistics = JSON.parse(run.log.at(-1)?.text ?? '') as PortAllocationStats;
  expect(statistics.peakAllocatedPorts).toBe(18);
  expect(statistics).toMatchObject({
    totalServerPorts: 500,
    lifetimeTotalAllocatedPorts: 72 + 6,
    currentlyAllocatedPorts: 0,
    borrowedPorts: 0,
    waits: 0,
    leaks: 0,
  });
  expect(run.output).not.toContain('PORTSLICE');
  await expectAllReleased(project);
});

test('eight workers finish with a pool of three ports', async ({ createProject }) => {
  const files = playwrightFiles(`fullyParallel: true, workers: 8, timeout: 50_000`, {
    'a.spec.ts': `
      import { test } from 'portslice/playwright';
      import { close, serve } from './inside.ts';
      for (let index = 0; index < 24; index++) {
        test('test ' + index, async ({ port }) => {
          await close(await serve(port));
        });
      }
      // Two at once, which nobody may get one by one.
      for (let index = 0; index < 4; index++) {
        test('pair ' + index, async ({ ports }) => {
          for (const owner of await ports.acquireMany(2)) await close(await serve(owner));
        });
      }
    `,
  });
  const project = await createProject(files);
  const { firstPort } = project.ports;
  const run = await runPlaywright(project, [], {
    env: { PORTSLICE_PORTS: `${firstPort}-${firstPort + 2}` },
  });
  expect(run.titles('passed'), run.output).toHaveLength(28);
  expect(collisions(run.log)).toEqual([]);
  const ports = new Set(run.log.map(({ port }) => port));
  expect(ascending(ports)).toEqual([firstPort, firstPort + 1, firstPort + 2]);
  expect(new Set(run.log.map(({ worker }) => worker)).size).toBeGreaterThan(3);
  await expectAllReleased(project);
});

test('where no port comes free, our error is the one that people see, and it names the holder', async ({
  createProject,
}) => {
  const files = playwrightFiles('timeout: 1_000', {
    'a.spec.ts': `
      import { test } from 'portslice/playwright';
      test('second', async ({ workerPort, port }) => {});
    `,
  });
  const project = await createProject(files);
  const { firstPort } = project.ports;
  const run = await runPlaywright(project, [], { env: { PORTSLICE_PORTS: String(firstPort) } });
  expect(run.exitCode).toBe(1);
  const { message } = run.result('second').error ?? {};
  // How long exactly is left of the test's time is in test/plugin/port-dispenser.test.ts, without a clock.
  expect(message).toMatch(
    /PortPoolExhaustedError: No port is free in the pool of 1 after \d+ ms: 1 held in this run/,
  );
  expect(message).toContain(`${firstPort} held by pid`);
  expect(message).toContain("worker 0 of project ''");
  expect(run.output).not.toContain('Test timeout');
  await expectAllReleased(project);
});
