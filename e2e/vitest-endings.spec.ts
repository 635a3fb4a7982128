import { expect, test } from './support/project.ts';
import { collisions } from './support/server-log.ts';
import { readVitestLog, runVitest, startVitest, vitestFiles } from './support/vitest-project.ts';
import { beaconsOf, expectAllReleased, expectNoneLocked, lockedPorts } from './support/what-is-left.ts';

const IMPORTS = `
import { spawnSync } from 'node:child_process';
import { PortPool, portIsInUse } from 'portslice';
import { test } from 'portslice/vitest';
import { afterEach, describe, expect } from 'vitest';
import { close, isLocked, note, serve, startServerProcess, until } from './inside.ts';

const record = ({ port }) => PortPool.attach().snapshot().find((candidate) => candidate.port === port);
/** A port of somebody else cannot be had, by no server: not even by one that shares its address. */
const listenError = (port) => serve(port).then((server) => close(server), ({ code }) => code);
`;

for (const pool of ['forks', 'threads']) {
  test(`ports come back after every kind of ending in ${pool}`, async ({ createProject }) => {
    const files = vitestFiles(`pool: '${pool}', maxWorkers: 1`, {
      'endings.test.ts': `${IMPORTS}
        let failed, timedOut, hung, thrown, errors;

        test('fails', async ({ port, onTestFinished }) => {
          failed = port;
          const server = await serve(port);
          onTestFinished(() => close(server));
          throw new Error('as it must');
        });

        test('times out', { timeout: 100 }, async ({ port, ports, signal }) => {
          timedOut = port;
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          // The body goes on, though its test has ended, until the next test has seen the seal.
          await until(() => errors !== undefined);
          errors.push(await listenError(port), await ports.acquire().catch(({ code }) => code));
        });

        test('ports of the failed and the timed-out test are sealed', async ({ ports }) => {
          expect([failed, timedOut].map((port) => record(port).state)).toEqual(['sealed', 'sealed']);
          expect([failed, timedOut].every(isLocked)).toBe(true);
          errors = [];
          await until(() => errors.length === 2);
          expect(errors).toEqual(['EADDRINUSE', 'PORTSLICE_TEST_ENDED']);
          // Nobody gets them while another port is free.
          const others = await ports.acquireMany(90);
          expect(others.map(({ port }) => port)).not.toContain(failed.port);
          expect(others.map(({ port }) => port)).not.toContain(timedOut.port);
        });

        test('sealed ports are free when nothing else is', async ({ ports }) => {
          const { totalServerPorts } = PortPool.attach().stats();
          const all = await ports.acquireMany(totalServerPorts);
          expect(all.map(({ port }) => port)).toContain(timedOut.port);
          const server = await serve(timedOut);
          await close(server);
        });

        test('is skipped on the way', async ({ port, skip, onTestFinished }) => {
          const server = await serve(port);
          onTestFinished(() => close(server));
          failed = port;
          skip();
        });

        test('the port of the skipped test is free', () => {
          expect(record(failed).state).toBe('free');
        });

        describe('with a hook', () => {
          afterEach(() => new Promise(() => undefined), 100);
          test('that hangs', async ({ port }) => {
            hung = port;
          });
        });

        test('the port of the test with the hung hook is not in use', () => {
          expect(record(hung).state).toBe('sealed');
        });

        describe('with hooks around', () => {
          // Vitest runs no onTestFinished hook of such a test.
          test.aroundEach((run, { port }) => {
            thrown = port;
            throw new Error('around');
          });
          test('that throw', async ({ port }) => undefined);
        });

        test('the port of the test with the throwing hook is not in use', async ({ port }) => {
          expect(record(thrown).state).toBe('sealed');
        });

        test('leaves a server', async ({ port }) => {
          const child = await startServerProcess(port);
          note('leak ' + port + ' of ' + child.pid);
          process.once('exit', () => child.kill('SIGKILL'));
        });
      `,
    });
    const project = await createProject(files);
    const run = await runVitest(project);
    expect(run.titles('failed')).toEqual(['fails', 'times out', 'that hangs', 'that throw']);
    expect(run.titles('passed'), run.output).toHaveLength(6);
    expect(collisions(run.log)).toEqual([run.log.find(({ event }) => event === 'refused')?.port]);
    const [leak] = run.notes('leak ');
    const [port, pid] = leak?.split(' of ') ?? [];
    expect(run.output.match(/\[PORTSLICE_\w+\]/g)).toEqual(['[PORTSLICE_LEAK]']);
    expect(run.output).toContain(
      `Port ${port} was released by 'endings.test.ts > leaves a server', but pid ${pid} (`,
    );
    expect(run.end()).toMatchObject({ leaks: 1, currentlyAllocatedPorts: 0 });
    process.kill(Number(pid), 'SIGKILL');
    await expectNoneLocked(project);
    await expectAllReleased(project);
  });
}

for (const [name, end] of [
  ['is killed', `process.kill(process.pid, 'SIGKILL')`],
  ['exits', `process.reallyExit(3)`],
]) {
  test(`the ports of a fork that ${name} are free for its successor`, async ({ createProject }) => {
    const files = vitestFiles(`pool: 'forks', maxWorkers: 1, sequence: { sequencer: ByName }`, {
      'a.test.ts': `${IMPORTS}
        test('ends its process', async ({ ports, port, filePort, workerPort }) => {
          const all = await ports.acquireMany(PortPool.attach().stats().totalServerPorts - 3);
          await Promise.all(all.slice(0, 3).map(serve));
          note('had ' + (all.length + 3));
          ${end};
          await new Promise(() => undefined);
        });
      `,
      'b.test.ts': `${IMPORTS}
        test('goes on', async ({ ports }) => {
          // All of them, at once, though their records still say that the dead process has them.
          expect(await ports.acquireMany(PortPool.attach().stats().totalServerPorts)).toHaveLength(100);
        });
      `,
      'c.test.ts': `${IMPORTS}
        test('and on', async ({ port }) => {
          await close(await serve(port));
        });
      `,
    });
    const config = `
      import { BaseSequencer } from 'vitest/node';
      class ByName extends BaseSequencer {
        sort(files) { return files.toSorted((a, b) => (a.moduleId < b.moduleId ? -1 : 1)); }
      }
      ${files['vitest.config.ts']}`;
    const project = await createProject({ ...files, 'vitest.config.ts': config });
    const run = await runVitest(project);
    expect(run.notes('had ')).toEqual(['100']);
    expect(run.titles('passed'), run.output).toEqual(expect.arrayContaining(['goes on', 'and on']));
    expect(run.exitCode).toBe(1);
    await expectAllReleased(project);
  });
}

test('--bail leaves nothing behind', async ({ createProject }) => {
  const files = vitestFiles(`maxWorkers: 2`, {
    'a.test.ts': `${IMPORTS}
      test('fails', async ({ port, filePort, workerPort }) => {
        throw new Error('as it must');
      });
      test('never runs', async ({ port }) => note('ran'));
    `,
    'b.test.ts': `${IMPORTS}
      test('runs meanwhile', async ({ port, filePort }) => { await close(await serve(port)); });
      test('may never run', async ({ port }) => { await close(await serve(port)); });
    `,
  });
  const project = await createProject(files);
  const run = await runVitest(project, ['--bail=1']);
  expect(run.exitCode).toBe(1);
  expect(run.titles('failed'), run.output).toEqual(['fails']);
  expect(run.notes('ran')).toEqual([]);
  expect(run.end().left.filter(({ state }) => state !== 'sealed')).toEqual([]);
  await expectAllReleased(project);
});

const SIGNALS = [
  { signal: 'SIGINT', pool: 'forks', target: 'group' },
  { signal: 'SIGINT', pool: 'threads', target: 'group' },
  { signal: 'SIGTERM', pool: 'forks', target: 'runner' },
  { signal: 'SIGTERM', pool: 'vmThreads', target: 'runner' },
  { signal: 'SIGKILL', pool: 'forks', target: 'runner' },
] as const;

for (const { signal, pool, target } of SIGNALS) {
  test(`${signal} to the ${target} in the middle of a run in ${pool} leaves nothing behind`, async ({
    createProject,
  }) => {
    const busy = `${IMPORTS}
      for (const title of ['one', 'two']) {
        test.concurrent(title, async ({ port, ports, filePort, workerPort }) => {
          await ports.acquireMany(5);
          await serve(port);
          note('ready');
          await new Promise(() => undefined);
        });
      }
    `;
    const files = vitestFiles(`pool: '${pool}', maxWorkers: 2`, { 'a.test.ts': busy, 'b.test.ts': busy });
    const project = await createProject(files);
    const program = startVitest(project, ['run']);
    const ready = (): number => readVitestLog(project).filter(({ text }) => text === 'ready').length;
    await expect.poll(ready).toBe(4);
    expect(lockedPorts(project)).toHaveLength(4 * 6 + 4);
    expect(beaconsOf(program.pid)).toHaveLength(1);
    if (target === 'group') program.killGroup(signal);
    else program.kill(signal);
    await program.finished;
    await expectNoneLocked(project);
    expect(beaconsOf(program.pid)).toEqual([]);
    await expectAllReleased(project);
  });
}

test('three ports are enough for eight workers', async ({ createProject }) => {
  const crowd = `${IMPORTS}
    import { vi } from 'vitest';
    for (const title of ['one', 'two', 'three']) {
      test.concurrent(title, async ({ port }) => {
        const server = await serve(port);
        expect((await fetch(port.url())).ok).toBe(true);
        await close(server);
      });
    }
    test('with fake timers', async ({ ports }) => {
      vi.useFakeTimers();
      const [one, two] = await ports.acquireMany(2);
      await close(await serve(one));
    });
  `;
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const files = vitestFiles(
    `pool: 'threads', maxWorkers: 8, testTimeout: 50_000`,
    Object.fromEntries(names.map((name) => [`${name}.test.ts`, crowd])),
  );
  const project = await createProject(files);
  const { firstPort } = project.ports;
  const run = await runVitest(project, [], { env: { PORTSLICE_PORTS: `${firstPort}-${firstPort + 2}` } });
  expect(run.exitCode, run.output).toBe(0);
  expect(run.titles('passed')).toHaveLength(4 * names.length);
  expect(collisions(run.log)).toEqual([]);
  expect(new Set(run.log.filter(({ event }) => event === 'listening').map(({ port }) => port)).size).toBe(3);
  expect(run.end()).toMatchObject({ left: [], totalServerPorts: 3 });
});
