import { installed } from './support/installed-packages.ts';
import { neededProgram } from './support/needed-program.ts';
import { expect, type Project, test } from './support/project.ts';
import { collisions } from './support/server-log.ts';
import { browserFiles, IN_BROWSER } from './support/vitest-browser.ts';
import {
  type EndOfRun,
  readVitestLog,
  runVitest,
  startVitest,
  vitestFiles,
  type VitestOptions,
} from './support/vitest-project.ts';
import { useVitest } from './support/vitest-versions.ts';
import { expectAllReleased, expectNoneLocked } from './support/what-is-left.ts';

test.beforeEach(() => {
  neededProgram('chromium');
});

const VERSIONS = [
  ['our Vitest', undefined],
  ['Vitest 4', { vitest: '4.1.12', vite: '8.3.8', '@vitest/browser-playwright': '4.1.12' }],
] as const;

function vitestOf(project: Project, packages: (typeof VERSIONS)[number][1]): VitestOptions {
  return packages === undefined ? {} : { command: useVitest(project, installed('vitest', packages)) };
}

const USES = `${IN_BROWSER}
let ofFile, previous;
test('has a port on which a server listens', async ({ port, task }) => {
  await serve(port.port);
  expect(await textOf(port.url('/path'))).toMatch(/^pid /);
  expect(await record(port.port)).toEqual({ state: 'held', label: task.file.name + ' > ' + task.name, isLocked: true });
  await close(port.port);
});

describe('a suite', () => {
  test('has several', async ({ port, ports, filePort, workerPort, workerPorts }) => {
    const all = [port, filePort, workerPort, await workerPorts.acquire(), await ports.acquire(), ...(await ports.acquireMany(2)), await ports.getNextAvailableTCPPort()];
    expect(new Set(all.map(Number)).size).toBe(8);
    for (const one of all) expect((await record(Number(one))).isLocked).toBe(true);
    expect((await record(port.port)).label).toBe('uses.test.ts > a suite > has several');
    expect((await record(filePort.port)).label).toBe('filePort of uses.test.ts');
    [ofFile, previous] = [filePort.port, port.port];
  });
});

test('has the port of the file again, and that of another test no more', async ({ filePort }) => {
  expect(filePort.port).toBe(ofFile);
  expect(await record(previous)).toMatchObject({ state: 'free', isLocked: false });
});

test('has what an owner has', async ({ port, ports }) => {
  expect([String(port), \`\${port}\`, port + 0, Number(port), JSON.stringify({ port })]).toEqual(
    [port.port + '', port.port + '', port.port, port.port, '{"port":' + port.port + '}']);
  expect([port.url(), port.url('a'), port.url('/a', 'ws:')]).toEqual(
    ['http://localhost:', 'http://localhost:', 'ws://localhost:'].map((start, at) => start + port + ['', '/a', '/a'][at]));
  expect([port.hosts, port.host, port.socketAddressFamily]).toEqual([['', 'localhost'], undefined, 'dual']);
  const local = await ports.acquire({ hosts: ['127.0.0.1'], socketAddressFamily: 'ipv4', label: 'mine', excludedPorts: new Set([port.port]) });
  expect([local.hosts, local.host, local.socketAddressFamily, local.url()]).toEqual([['127.0.0.1'], '127.0.0.1', 'ipv4', 'http://127.0.0.1:' + local]);
  expect(await record(local.port)).toMatchObject({ label: 'mine' });
  await local.cleanup();
  local.cleanup();
  expect(await record(local.port)).toMatchObject({ state: 'free', isLocked: false });
  await ports.acquire({ port: local.port });
});

test('learns of errors with their code and their message', async ({ ports }) => {
  const errors = [];
  for (const options of [{ hosts: [] }, { hots: [] }, { signal: 1 }, { port: 80 }])
    errors.push(await ports.acquire(options).catch((error) => [error.name, error.code, error.message]));
  expect(errors).toEqual([
    ['InvalidOptionError', 'PORTSLICE_INVALID_OPTION', expect.stringContaining('hosts is []; expected a list')],
    ['InvalidOptionError', 'PORTSLICE_INVALID_OPTION', expect.stringContaining('hots is not an option')],
    ['InvalidOptionError', 'PORTSLICE_INVALID_OPTION', expect.stringContaining('signal')],
    ['PortTakenError', 'PORTSLICE_PORT_TAKEN', expect.stringContaining('80 is no server port of this run')],
  ]);
});

test('can give up the wait for a port', async ({ ports, port }) => {
  const reason = new Error('enough');
  await expect(ports.acquire({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const ending = new AbortController();
  const waiting = ports.acquire({ port: port.port, signal: ending.signal });
  ending.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});

const tries = [];
test('has another port in each try', { retry: 1 }, async ({ port }) => {
  tries.push(port.port);
  if (tries.length === 1) throw new Error('once more');
  expect((await record(tries[0])).state).toBe('sealed');
});

describe.concurrent('at once', () => {
  for (const title of ['one', 'two', 'three']) {
    test(title, async ({ port, ports }) => {
      const all = [port, await ports.acquire()].map(Number);
      await Promise.all(all.map(serve));
      for (const one of all) expect((await record(one)).label).toBe('uses.test.ts > at once > ' + title);
      await Promise.all(all.map(close));
    });
  }
});
`;

for (const [version, packages] of VERSIONS) {
  test(`tests in a browser have ports of their own, which are released when they end: ${version}`, async ({
    createProject,
  }) => {
    const project = await createProject(browserFiles('', { 'uses.test.ts': USES }));
    const run = await runVitest(project, [], vitestOf(project, packages));
    expect(run.exitCode, run.output).toBe(0);
    expect(run.titles('passed')).toHaveLength(10);
    expect(run.output).not.toContain('PORTSLICE_');
    expect(collisions(run.log)).toEqual([]);
    // Vitest 4 runs the global setup for the root and for the browser.
    const [end = ''] = new Set(run.notes('at the end: '));
    expect((JSON.parse(end) as EndOfRun).left).toEqual([
      {
        port: expect.any(Number),
        state: 'sealed',
        label: expect.stringContaining('another port in each try'),
      },
    ]);
    const { meta } = run.result('has a port on which a server listens');
    expect(meta.portslice).toEqual([
      {
        fixture: 'port',
        scope: 'test',
        // Of the main process, which has them for the page.
        slice: 0,
        borrowed: false,
        port: expect.any(Number),
        waitedMs: expect.any(Number),
        acquiredAtMs: expect.any(Number),
        releasedAtMs: expect.any(Number),
        state: 'free',
      },
    ]);
    const several = run.result('has several').meta.portslice ?? [];
    expect(several.map(({ fixture }) => fixture).toSorted()).toEqual([
      'filePort',
      'port',
      'ports',
      'ports',
      'ports',
      'ports',
      'workerPort',
      'workerPorts',
    ]);
    await expectAllReleased(project);
  });
}

const FAILS = `${IN_BROWSER}
const noted = (what) => async ({ port, ports }) => {
  await note(what + ' ' + port);
};
test('fails', async ({ port }) => {
  await note('failed ' + port);
  throw new Error('on purpose');
});
const late = Promise.withResolvers();
late.promise.catch(() => {});
test('times out', { timeout: 2_000 }, async ({ port, ports }) => {
  late.resolve((async () => {
    while ((await record(port.port)).state === 'held') continue;
    return ports.acquire();
  })());
  await note('timed out ' + port);
  await new Promise(() => {});
});
test('gets no more after its end', async () => {
  await expect(late.promise).rejects.toMatchObject({ code: 'PORTSLICE_TEST_ENDED', name: 'TestEndedError' });
});
test('leaks', async ({ port }) => {
  await note('leaked ' + port);
  await serve(port.port);
});
test('meets a stranger', async ({ port }) => {
  await note('met ' + port);
  await serve(port.port);
  await commands.listen(port.port);
});
`;

test('ports of tests that fail, time out or leave a server are sealed, and the culprit is named', async ({
  createProject,
}) => {
  const project = await createProject(browserFiles('', { 'fails.test.ts': FAILS }));
  const run = await runVitest(project);
  expect(run.titles('failed')).toEqual(['fails', 'times out', 'meets a stranger']);
  expect(run.titles('passed')).toEqual(['gets no more after its end', 'leaks']);
  const ports = ['failed ', 'timed out ', 'leaked ', 'met '].map((beginning) =>
    Number(run.notes(beginning)[0]),
  );
  const left = run.end().left.map(({ port, state }) => `${port} ${state}`);
  expect(left.toSorted()).toEqual(ports.map((port) => `${port} sealed`).toSorted());
  expect(run.result('fails').meta.portslice).toEqual([expect.objectContaining({ state: 'sealed' })]);
  expect(run.result('leaks').meta.portslice).toEqual([expect.objectContaining({ state: 'leaked' })]);
  expect(run.output).toMatch(new RegExp(`PORTSLICE_LEAK.*${ports[2]}.*`));
  expect(run.output).toContain("'fails.test.ts > leaks'");
  expect(run.output).toMatch(
    new RegExp(
      `PORTSLICE_ADDRESS_IN_USE\\] .*'fails.test.ts > meets a stranger' failed with EADDRINUSE on its own port ${ports[3]}`,
    ),
  );
  expect(run.output).toContain(`TCP port ${ports[0]} (port)`);
});

const ACQUIRES = `${IN_BROWSER}
const refused = async () => acquirePort().catch(({ code, message }) => note(code + ': ' + message));
await refused();
beforeAll(refused);
let ofHook;
beforeEach(async () => {
  ofHook = await acquirePort();
});
test('has ports in its body and its hooks', async ({ task }) => {
  const port = await acquirePort({ label: 'mine' });
  expect(new Set([Number(port), Number(ofHook)]).size).toBe(2);
  onTestFinished(async () => note('in the end ' + (await record(port.port)).state));
  expect((await record(ofHook.port)).label).toBe(task.file.name + ' > ' + task.name);
  expect(task.meta.portslice.map(({ fixture }) => fixture)).toEqual(['acquirePort', 'acquirePort']);
  await note('used ' + port);
});
`;

const ACQUIRES_AT_ONCE = `${IN_BROWSER}
let meet;
const met = new Promise((resolve) => (meet = resolve));
describe.concurrent('at once', () => {
  test('one', async () => {
    await met;
    await expect(acquirePort()).rejects.toMatchObject({ code: 'PORTSLICE_NO_TEST' });
  });
  test('two', async () => {
    meet();
    await expect(acquirePort()).rejects.toMatchObject({ code: 'PORTSLICE_NO_TEST' });
  });
});
`;

test('a helper in a browser has a port of its test, and is refused where that is not known', async ({
  createProject,
}) => {
  const files = { 'acquires.test.ts': ACQUIRES, 'at-once.test.ts': ACQUIRES_AT_ONCE };
  const project = await createProject(browserFiles('', files));
  const run = await runVitest(project);
  expect(run.exitCode, run.output).toBe(0);
  expect(run.notes('in the end ')).toEqual(['held']);
  expect(run.notes('PORTSLICE_NO_TEST: ')).toEqual(
    Array(2).fill(expect.stringContaining('no test runs. In a browser, call it in a test')),
  );
  expect(run.end().left).toEqual([]);
  await expectAllReleased(project);
});

for (const [what, command] of [
  ['crashes', 'crash'],
  ['is closed', 'closePage'],
] as const) {
  test(`a page that ${what} releases its ports`, async ({ createProject }) => {
    const file = `${IN_BROWSER}
      test('never ends', async ({ port, ports, filePort, workerPort }) => {
        for (const one of [port, await ports.acquire()]) await note('of the test ' + one);
        await commands.${command}();
        await new Promise(() => {});
      });
    `;
    const project = await createProject(browserFiles('', { 'page.test.ts': file }));
    const run = await runVitest(project);
    expect(run.exitCode, run.output).toBe(1);
    const ports = run.notes('of the test ').map(Number);
    expect(ports).toHaveLength(2);
    const { left } = run.end();
    expect(left.map(({ port, state }) => `${port} ${state}`).toSorted()).toEqual(
      ports.map((port) => `${port} sealed`).toSorted(),
    );
    await expectAllReleased(project);
  });
}

const MANY = `${IN_BROWSER}
for (let at = 0; at < 10; at++) {
  test('number ' + at, async ({ port, ports, filePort }) => {
    const all = [port, await ports.acquire()].map(Number);
    if (at === 0) await serve(filePort.port);
    await Promise.all(all.map(serve));
    await Promise.all(all.map(close));
    if (at === 9) await close(filePort.port);
  });
}
`;
const IN_NODE = `
import { test } from 'portslice/vitest';
import { close, serve } from '../inside.ts';
for (let at = 0; at < 10; at++) {
  test('number ' + at, async ({ port, ports }) => {
    const servers = await Promise.all([port, await ports.acquire()].map(serve));
    await Promise.all(servers.map(close));
  });
}
`;

test('several browsers and Node share one pool, and their tests never meet', async ({ createProject }) => {
  const settings = `
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'pages', root: 'pages',
        browser: (await import('./browser.ts')).browser([{ browser: 'chromium', name: 'one' }, { browser: 'chromium', name: 'two' }]) } },
      { extends: true, test: { name: 'node', root: 'node' } },
    ],
  `;
  const files = { 'pages/a.test.ts': MANY, 'pages/b.test.ts': MANY, 'node/c.test.ts': IN_NODE };
  const { 'browser.ts': browser = '' } = browserFiles('', {});
  const project = await createProject({ ...vitestFiles(settings, files), 'browser.ts': browser });
  const run = await runVitest(project);
  expect(run.exitCode, run.output).toBe(0);
  expect(run.titles('passed')).toHaveLength(50);
  expect(run.output).not.toContain('PORTSLICE_');
  expect(collisions(run.log)).toEqual([]);
  expect(run.end()).toMatchObject({ left: [], lifetimeTotalAllocatedPorts: 2 * 50 + 4 });
  await expectAllReleased(project);
});

const watched = (run: string): string => `${IN_BROWSER}
  test('watched', async ({ port, filePort }) => {
    for (const one of [port, filePort].map(Number)) {
      await serve(one);
      await close(one);
    }
    await note('${run} run ' + (await record(port.port)).label);
  });
`;

test('in watch mode the tests in a browser run again with ports of the same pool', async ({
  createProject,
}) => {
  // Nothing imports us at first.
  const plain = `import { test } from 'vitest'; test('plain', () => {});`;
  const project = await createProject(browserFiles('', { 'watched.test.ts': plain }));
  const program = startVitest(project, ['--watch']);
  const notes = (): string[] =>
    readVitestLog(project).flatMap(({ event, text }) => (event === 'note' ? text : []));
  await program.waitForOutput(/Waiting for file changes/);
  for (const [at, run] of ['first', 'second'].entries()) {
    project.write({ 'watched.test.ts': watched(run) });
    await program.waitForOutput(new RegExp('(?:Waiting for file changes[^]*){' + (at + 2) + '}'));
    expect(notes()[at], program.output).toBe(`${run} run watched.test.ts > watched`);
    await expectNoneLocked(project);
  }
  expect(notes()).toHaveLength(2);
  program.killGroup('SIGINT');
  await program.finished;
  expect(program.output).not.toContain('PORTSLICE_');
  expect(collisions(readVitestLog(project))).toEqual([]);
  await expectAllReleased(project);
});

test('the fixtures of servers say in a browser where a server is started', async ({ createProject }) => {
  const file = `${IN_BROWSER}
    const command = ['node', 'server.js'];
    test('one', ({ server }) => void server);
    test.extend({ serverOptions: { command } })('two', ({ server }) => void server);
    test('three', ({ servers }) => servers.start({ command }));
  `;
  const project = await createProject(browserFiles('', { 'a.test.ts': file }));
  const run = await runVitest(project);
  expect(run.titles('failed')).toEqual(['one', 'two', 'three']);
  for (const title of ['one', 'two', 'three'])
    expect(run.result(title).failureMessages?.join('\n')).toMatch(
      /The fixture 'servers?' starts no server for a test that runs in a browser; expected one that is started outside of the page/,
    );
  await expectAllReleased(project);
});

test('a server that is left fails its test in a browser, too, where leaks fail', async ({
  createProject,
}) => {
  const file = `${IN_BROWSER}
    test('leaks', async ({ port }) => serve(port.port));
    test('is clean', ({ port }) => void port);
  `;
  const files = browserFiles('', { 'a.test.ts': file }, { pluginOptions: `{ onLeak: 'fail' }` });
  const project = await createProject(files);
  const run = await runVitest(project);
  expect(run.titles('passed')).toEqual(['is clean']);
  const { failureMessages, meta } = run.result('leaks');
  expect(failureMessages?.join('\n')).toMatch(/PortLeakError: .*'a\.test\.ts > leaks'/s);
  expect(meta.portslice).toEqual([expect.objectContaining({ fixture: 'port', state: 'leaked' })]);
});

test('without isolation the port of the worker stays from file to file', async ({ createProject }) => {
  const file = `${IN_BROWSER}
    test('shares', async ({ port, workerPort }) => {
      await note('worker ' + workerPort + ' ' + (await record(workerPort.port)).isLocked);
    });
  `;
  const files = { 'a.test.ts': file, 'b.test.ts': file };
  const project = await createProject(browserFiles('isolate: false, fileParallelism: false,', files));
  const run = await runVitest(project);
  expect(run.exitCode, run.output).toBe(0);
  const [first = '', second] = run.notes('worker ');
  expect(first).toMatch(/true$/);
  expect(second).toBe(first);
  expect(run.end()).toMatchObject({ left: [], lifetimeTotalAllocatedPorts: 3 });
});

test('without the plugin a test in a browser is told to add it', async ({ createProject }) => {
  const files = browserFiles('', { 'a.test.ts': `${IN_BROWSER} test('has none', ({ port }) => void port);` });
  const config = files['vitest.config.ts']?.replace(/plugins: .*/, '') ?? '';
  const project = await createProject({
    ...files,
    'vitest.config.ts': config,
    'note-left-overs.ts': 'export default () => {};',
  });
  const run = await runVitest(project);
  expect(run.result('has none').failureMessages?.join('\n')).toMatch(
    /plugins of this project, whose tests run in a browser, lack portslice's.*expected portslice\(\)/,
  );
});

for (const [version, packages] of VERSIONS) {
  test(`tests of Node whose modules are resolved as for browsers have the fixtures of Node: ${version}`, async ({
    createProject,
  }) => {
    // As jsdom does, with what the documentation of Svelte adds.
    const settings = `environment: './page.ts' }, resolve: { conditions: ['browser'],`;
    const files = vitestFiles(settings, {
      'page.ts': `export default { name: 'page', viteEnvironment: 'client', setup: () => ({ teardown() {} }) };`,
      'a.test.ts': `
        import { TCPPortOwner } from 'portslice';
        import { test } from 'portslice/vitest';
        import { expect } from 'vitest';
        import { note } from './inside.ts';
        test('has a port', ({ port }) => {
          expect(port).toBeInstanceOf(TCPPortOwner);
          note('had one');
        });
      `,
    });
    const project = await createProject(files);
    const run = await runVitest(project, [], vitestOf(project, packages));
    expect(run.exitCode, run.output).toBe(0);
    expect(run.notes('had one')).toHaveLength(1);
  });
}
