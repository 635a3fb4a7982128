import { readFileSync } from 'node:fs';
import path from 'node:path';
import { installed } from './support/installed-packages.ts';
import { expect, type Program, type Project, test } from './support/project.ts';
import { collisions } from './support/server-log.ts';
import {
  readVitestLog,
  runVitest,
  startVitest,
  vitestFiles,
  type VitestOptions,
  type VitestRun,
} from './support/vitest-project.ts';
import { useVitest } from './support/vitest-versions.ts';
import { expectAllReleased } from './support/what-is-left.ts';

const SERVE = `command: ['node', 'server.ts', '{port}'], ready: '/'`;

const OPTIONS = ['server', 'fileServer', 'workerServer']
  .map((name) => `${name}Options: { command: ['node', 'server.ts', '{port}', '${name}'], ready: '/' }`)
  .join();

/** What tests say beside their errors, which Vitest's JSON report leaves out. */
const REPORTER = `
import { writeFileSync } from 'node:fs';
export default class {
  annotations = {};
  onTestCaseResult(test) { this.annotations[test.name] = test.annotations(); }
  onTestRunEnd() { writeFileSync('annotations.json', JSON.stringify(this.annotations)); }
};
`;

interface Annotation {
  readonly message: string;
  readonly type: string;
  readonly attachment?: { readonly contentType?: string; readonly body?: string };
}

function files(settings: string, tests: Readonly<Record<string, string>>): Record<string, string> {
  return {
    ...vitestFiles(`reporters: ['default', './annotations.ts'], ${settings}`, tests),
    'annotations.ts': REPORTER,
  };
}

function run(
  project: Project,
  options: VitestOptions = {},
  args: readonly string[] = [],
): Promise<VitestRun> {
  return runVitest(project, ['--reporter=./annotations.ts', ...args], options);
}

function annotationsOf({ dir }: Project, title: string): Annotation[] {
  const all = JSON.parse(readFileSync(path.join(dir, 'annotations.json'), 'utf8')) as Record<
    string,
    Annotation[]
  >;
  return (all[title] ?? []).filter(({ type }) => type === 'server');
}

function textOf({ attachment }: Annotation): string {
  expect(attachment?.contentType).toBe('text/plain');
  return atob(attachment?.body ?? '');
}

function started({ log }: Pick<VitestRun, 'log'>): string[] {
  return log.filter(({ event }) => event === 'listening').map(({ text }) => text);
}

function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}

function runningServers(project: Project): number[] {
  return readVitestLog(project)
    .flatMap(({ event, pid }) => (event === 'listening' ? [pid] : []))
    .filter(isRunning);
}

async function expectNothingLeft(project: Project): Promise<void> {
  const running = (): number[] => runningServers(project);
  await expect.poll(running, { message: 'servers that still run' }).toEqual([]);
  await expectAllReleased(project);
}

const IMPORTS = `
import { test } from 'portslice/vitest';
import { afterEach, beforeAll, beforeEach, describe, expect, onTestFinished } from 'vitest';
import { isListening, note, readLog, until } from './inside.ts';
const textAt = async (url) => (await fetch(url)).text();
`;

const EVERY_KIND = {
  'a.test.ts': `${IMPORTS}
    let seen;
    beforeAll(() => note('a hook'));
    test('uses none', ({ port }) => note('none'));
    describe.concurrent('side by side', () => {
      for (const title of ['one', 'two']) {
        test(title, async ({ server, fileServer, workerServer, servers, port }) => {
          expect(await textAt(server.url('/'))).toBe('<h1>server on ' + server.port + '</h1>');
          expect(await textAt(fileServer.url('/'))).toBe('<h1>fileServer on ' + fileServer.port + '</h1>');
          expect(await textAt(workerServer.url('/'))).toBe('<h1>workerServer on ' + workerServer.port + '</h1>');
          const [another, more] = await Promise.all([servers.start(), servers.start({ ${SERVE} })]);
          const all = [server, fileServer, workerServer, another, more, port].map(({ port }) => port);
          expect(new Set(all).size).toBe(6);
          seen ??= [fileServer, workerServer];
          expect([fileServer, workerServer]).toEqual(seen);
          note(title + ' ' + server.port);
          await until(() => readLog().filter(({ text }) => /^(one|two) /.test(text)).length === 2);
        });
      }
    });
    describe('with hooks', () => {
      let url, inHook;
      beforeEach(async ({ server }) => { url = server.url('/'); });
      afterEach(async ({ server }) => { inHook = await textAt(server.url('/')); });
      test('runs until after them', async ({ server, onTestFinished }) => {
        expect(await textAt(url)).toContain('server on ' + server.port);
        onTestFinished(async () => {
          expect(inHook).toContain('server on ' + server.port);
          expect(await textAt(server.url('/'))).toBe(inHook);
          note('hooks have run');
        });
      });
    });
  `,
};

function expectEveryKind(result: VitestRun): void {
  expect(result.exitCode, result.output).toBe(0);
  expect(result.titles('passed')).toEqual(['uses none', 'one', 'two', 'runs until after them']);
  expect(
    result.log
      .slice(0, 2)
      .map(({ text }) => text)
      .toSorted(),
  ).toEqual(['a hook', 'none']);
  const names = [
    'a server',
    'a server',
    'fileServer',
    ...Array.from({ length: 5 }, () => 'server'),
    'workerServer',
  ];
  expect(started(result).toSorted()).toEqual(names);
  expect(result.log.filter(({ event }) => event === 'closed')).toHaveLength(names.length);
  expect(collisions(result.log)).toEqual([]);
  expect(result.notes('hooks have run')).toHaveLength(1);
  const { left, leaks } = result.end();
  // Vitest does not wait for the end of its workers before it tears down.
  expect({ leaks, left: left.filter(({ label }) => !label.startsWith('workerServer')) }).toEqual({
    leaks: 0,
    left: [],
  });
  expect(result.output).not.toContain('PORTSLICE_');
  const { portsliceServers: uses = [] } = result.result('one').meta;
  const [port] = result.notes('one ');
  expect(uses.find(({ fixture }) => fixture === 'server')).toEqual({
    fixture: 'server',
    scope: 'test',
    command: `node server.ts ${port} server`,
    port: Number(port),
    ports: { port: Number(port) },
    pid: expect.any(Number) as unknown,
    startedAtMs: expect.any(Number) as unknown,
    readyAfterMs: expect.any(Number) as unknown,
    endedAtMs: expect.any(Number) as unknown,
  });
  expect(uses.map(({ fixture }) => fixture).toSorted()).toEqual([
    'fileServer',
    'server',
    'servers',
    'servers',
    'workerServer',
  ]);
  expect(result.result('uses none').meta.portsliceServers).toBe(undefined);
}

for (const pool of ['forks', 'threads', 'vmThreads']) {
  test(`every kind of server in ${pool}`, async ({ createProject }) => {
    const project = await createProject(
      files(`pool: '${pool}', maxWorkers: 1, provide: { ${OPTIONS} }`, EVERY_KIND),
    );
    expectEveryKind(await run(project));
    await expectNothingLeft(project);
  });
}

for (const { vitest, vite } of [
  { vitest: '3.2.7', vite: '7.3.8' },
  { vitest: '4.1.12', vite: '8.3.8' },
]) {
  test(`every kind of server, and output on failure, in Vitest ${vitest}`, async ({ createProject }) => {
    test.setTimeout(180_000);
    const folder = installed('vitest', { vitest, vite });
    const settings = `maxWorkers: 1, minWorkers: 1, provide: { ${OPTIONS} }`;
    const project = await createProject(files(settings, EVERY_KIND));
    const command = useVitest(project, folder);
    const result = await run(project, { command });
    expect(result.output).toContain(`v${vitest}`);
    expectEveryKind(result);
    await expectNothingLeft(project);

    const failing = await createProject(files(settings, FAILING));
    expectFailures(failing, await run(failing, { command: useVitest(failing, folder) }));
    await expectNothingLeft(failing);
  });
}

const FAILING = {
  'failing.test.ts': `${IMPORTS}
    test('fails', async ({ server, fileServer }) => {
      await fetch(server.url('/asked'));
      expect(server.port).toBe(1);
    });
    test('has a server that dies', async ({ server }) => {
      await fetch(server.url('/die'));
    });
    test('has a server that cannot start', async ({ servers }) => {
      await servers.start({ command: ['node', '-e', 'console.log("before the end"); process.exit(3)'] });
    });
    test('has servers that write nothing', async ({ servers }) => {
      await servers.start({ command: ({ port }) =>
        process.getBuiltinModule('node:http').createServer().listen(port.port) });
      await servers.start({ command: ['no-such-program', '{port}'] });
    });
    test('passes', async ({ server }) => {
      await fetch(server.url('/passes'));
    });
  `,
};

function expectFailures(project: Project, result: VitestRun): void {
  expect(result.titles('passed'), result.output).toEqual(['passes']);
  const [own, ofFile] = annotationsOf(project, 'fails').toSorted((a, b) =>
    a.message < b.message ? 1 : -1,
  ) as [Annotation, Annotation];
  expect(own.message).toMatch(
    /^server on port \d+ \(pid \d+, node server.ts \d+ server\):\n {4}server listens on/,
  );
  expect(textOf(own)).toMatch(
    /^server listens on \d+\nserver is asked for \/\nserver is asked for \/asked\n/,
  );
  expect(textOf(ofFile)).toMatch(/^fileServer listens on/);
  expect(result.output).toContain('server is asked for /asked');

  const died = result.result('has a server that dies').failureMessages?.join('\n----\n');
  expect(died).toContain('fetch failed');
  expect(result.output).toMatch(
    /The server 'node server.ts \d+ server' on port \d+ had ended by itself \(pid \d+, exit code 7\)/,
  );
  expect(result.output).toContain('it was told to die');

  expect(result.result('has a server that cannot start').failureMessages?.join()).toMatch(
    /exit code 3[^]*before the end/,
  );
  const [neverReady] = annotationsOf(project, 'has a server that cannot start').filter(({ message }) =>
    message.startsWith('servers'),
  );
  expect(textOf(neverReady as Annotation)).toBe('before the end\n');
  const silent = result.result('has servers that write nothing');
  expect(silent.failureMessages?.join()).toContain("'no-such-program' cannot be started");
  expect(silent.meta.portsliceServers?.filter(({ fixture }) => fixture === 'servers')).toHaveLength(2);
  const said = annotationsOf(project, 'has servers that write nothing').map(({ message }) => message);
  expect(said.filter((message) => message.startsWith('servers '))).toEqual([]);
  expect(annotationsOf(project, 'passes')).toEqual([]);
  const { portsliceServers: uses = [] } = result.result('has a server that dies').meta;
  expect(uses.find(({ fixture }) => fixture === 'server')).toMatchObject({ exitCode: 7 });
}

test('a test that fails has the output of its servers, and says which have died', async ({
  createProject,
}) => {
  const project = await createProject(files(`maxWorkers: 1, provide: { ${OPTIONS} }`, FAILING));
  expectFailures(project, await run(project));
  await expectNothingLeft(project);
});

for (const vitest of [undefined, '4.1.12']) {
  test(`options come from test.extend, test.override and each call in Vitest ${vitest ?? 'of ours'}`, async ({
    createProject,
  }) => {
    const project = await createProject(
      files(`maxWorkers: 1, provide: { serverOptions: { ${SERVE} } }`, {
        'options.test.ts': `${IMPORTS}
          test('provided', async ({ server }) => {
            expect(await textAt(server.url())).toContain('a server on');
          });
          const extended = test.extend({
            serverOptions: { command: ['node', 'server.ts', '{port}', 'extended'], ready: '/' },
            fileServerOptions: { command: ['node', 'server.ts', '{port}', 'of the file'], ready: '/' },
            portOptions: { hosts: ['127.0.0.1'] },
          });
          extended('extended', async ({ server, fileServer }) => {
            expect(server.url()).toBe('http://127.0.0.1:' + server.port);
            expect(await textAt(server.url())).toContain('extended on');
            expect(await textAt(fileServer.url())).toContain('of the file on');
          });
          extended.describe('a group', () => {
            extended.override({ serverOptions: { command: 'node server.ts $PORT overridden', ready: '/' } });
            extended('overridden', async ({ server, servers }) => {
              expect(await textAt(server.url())).toContain('overridden on');
              const inside = await servers.start({ command: ({ port, admin }) => {
                const servers = [port, admin].map((one) => process.getBuiltinModule('node:http')
                  .createServer((_, response) => response.end('inside')).listen(one.port));
                return () => servers.forEach((one) => one.close());
              }, portNames: ['admin'] });
              expect(await textAt(inside.ports.admin.url())).toBe('inside');
            });
          });
          test('nothing to start', async ({ workerServer }) => {});
        `,
      }),
    );
    const command =
      vitest === undefined
        ? {}
        : { command: useVitest(project, installed('vitest', { vitest, vite: '8.3.8' })) };
    const result = await run(project, command);
    expect(result.titles('passed'), result.output).toEqual(['provided', 'extended', 'overridden']);
    expect(result.result('nothing to start').failureMessages?.join()).toContain(
      "workerServerOptions is not set, so that the fixture 'workerServer' has nothing to start",
    );
    expect(started(result).toSorted()).toEqual(['a server', 'extended', 'of the file', 'overridden']);
    await expectNothingLeft(project);
  });
}

test('servers end, however their test ends, and a body that goes on gets no more', async ({
  createProject,
}) => {
  const project = await createProject(
    files(`maxWorkers: 1, provide: { ${OPTIONS} }`, {
      'endings.test.ts': `${IMPORTS}
        let late;
        test('times out', { timeout: 8_000 }, async ({ server, servers, signal }) => {
          if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
          await until(() => late !== undefined);
          late(await servers.start().catch(({ code }) => code));
        });
        test('gets no more', async () => {
          expect(await new Promise((resolve) => { late = resolve; })).toBe('PORTSLICE_TEST_ENDED');
        });
        test('is never ready', { timeout: 15_000 }, async ({ servers }) => {
          await servers.start({ command: ['node', 'server.ts', '{port}'], ready: () => false });
        });
        test('is skipped', async ({ server, skip }) => skip());
        test('has a family', async ({ servers }) => {
          await servers.start({ command: 'node server.ts $PORT "a family"; true' });
        });
        describe('hooks', () => {
          afterEach(() => { throw new Error('a hook') });
          test('has a hook that fails', async ({ server }) => {});
        });
        let tries = 0;
        test('is tried again', { retry: 1 }, async ({ server }) => {
          note('try ' + server.port);
          if (++tries === 1) throw new Error('once more');
        });
        test('its servers have ended', () => {
          const log = readLog();
          const tried = log.filter(({ text }) => text.startsWith('try ')).map(({ text }) => text.slice(4));
          expect(new Set(tried).size).toBe(2);
          expect(tried.some((port) => isListening({ port: Number(port) }))).toBe(false);
        });
      `,
    }),
  );
  const result = await run(project);
  expect(result.titles('failed'), result.output).toEqual([
    'times out',
    'is never ready',
    'has a hook that fails',
  ]);
  expect(result.titles('passed')).toEqual([
    'gets no more',
    'has a family',
    'is tried again',
    'its servers have ended',
  ]);
  expect(result.result('is never ready').failureMessages?.join()).toContain('ServerNotReadyError');
  await expectNothingLeft(project);
});

const WAITING = `${IMPORTS}
  test.concurrent('waits', async ({ server, workerServer, fileServer, servers }) => {
    // Asked, too, so that it has said that it listens.
    await servers.start({ command: 'node server.ts $PORT "a family"; true', ready: '/' });
    note('ready');
    await new Promise(() => undefined);
  });
`;

async function startWaiting(project: Project): Promise<Program> {
  const program = startVitest(project, ['run']);
  const ready = (): number => readVitestLog(project).filter(({ text }) => text === 'ready').length;
  await expect.poll(ready).toBe(2);
  expect(runningServers(project)).toHaveLength(8);
  return program;
}

for (const { signal, pool, target } of [
  { signal: 'SIGINT', pool: 'forks', target: 'group' },
  { signal: 'SIGINT', pool: 'threads', target: 'group' },
  { signal: 'SIGTERM', pool: 'forks', target: 'runner' },
  { signal: 'SIGKILL', pool: 'forks', target: 'runner' },
  { signal: 'SIGKILL', pool: 'threads', target: 'runner' },
] as const) {
  test(`no server outlives ${signal} to the ${target} in ${pool}`, async ({ createProject }) => {
    const tests = { 'a.test.ts': WAITING, 'b.test.ts': WAITING };
    const project = await createProject(
      files(`pool: '${pool}', maxWorkers: 2, provide: { ${OPTIONS} }`, tests),
    );
    const program = await startWaiting(project);
    if (target === 'group') program.killGroup(signal);
    else program.kill(signal);
    await program.finished;
    await expectNothingLeft(project);
  });
}

test('no server outlives a worker that is killed', async ({ createProject }) => {
  const project = await createProject(
    files(`pool: 'forks', maxWorkers: 1, provide: { ${OPTIONS} }`, {
      'a.test.ts': WAITING.replace(
        'await new Promise',
        `process.kill(process.pid, 'SIGKILL'); await new Promise`,
      ),
    }),
  );
  const result = await startVitest(project, ['run']).finished;
  expect(result.exitCode, result.output).toBe(1);
  expect(readVitestLog(project).filter(({ event }) => event === 'listening')).toHaveLength(4);
  await expectNothingLeft(project);
});
