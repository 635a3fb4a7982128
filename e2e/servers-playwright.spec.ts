import type { JSONReportTestResult } from '@playwright/test/reporter';
import { readLog } from './support/inside.program.ts';
import { neededProgram } from './support/needed-program.ts';
import {
  logPath,
  playwrightEnvironment,
  playwrightFiles,
  type PlaywrightRun,
  readRun,
  runPlaywright,
} from './support/playwright-project.ts';
import { expect, type Program, type Project, test } from './support/project.ts';
import { collisions } from './support/server-log.ts';
import type { ReportedServer } from './support/vitest-project.ts';
import { expectAllReleased, expectNoneLocked } from './support/what-is-left.ts';

const SERVE = `command: ['node', 'server.ts', '{port}'], ready: '/'`;

function withChromium(): string {
  return `use: { launchOptions: { executablePath: '${neededProgram('chromium')}', args: ['--no-sandbox'] } }`;
}

/** The servers that have listened, by their names. */
function started({ log }: Pick<PlaywrightRun, 'log'>): string[] {
  return log.filter(({ event }) => event === 'listening').map(({ text }) => text);
}

function serverProcesses(project: Project): number[] {
  return readLog(logPath(project)).flatMap(({ event, pid }) => (event === 'listening' ? [pid] : []));
}

function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}

async function expectNothingLeft(project: Project): Promise<void> {
  const running = (): number[] => serverProcesses(project).filter(isRunning);
  await expect.poll(running, { message: 'servers that still run' }).toEqual([]);
  await expectAllReleased(project);
}

function textOf({ attachments }: JSONReportTestResult, name: RegExp): string {
  const found = attachments.filter((attachment) => name.test(attachment.name));
  return found.map(({ body = '' }) => atob(body)).join('\n----\n');
}

function annotationsOf({ annotations }: JSONReportTestResult, type: string): (string | undefined)[] {
  return annotations.filter((one) => one.type === type).map(({ description }) => description);
}

test('a page and a request go to the server of their test, and nobody else starts one', async ({
  createProject,
}) => {
  const files = playwrightFiles(`workers: 2, fullyParallel: true, ${withChromium()}`, {
    'at-once.spec.ts': `
      import { expect, test } from 'portslice/playwright';
      import { note, readLog, until } from './inside.ts';

      const serverOptions = (name) => ({ command: ['node', 'server.ts', '{port}', name], ready: '/' });
      const meet = (who, other) => { note(who + ' is there'); return until(() => readLog().some(({ text }) => text === other + ' is there')); };

      test.describe('by', () => {
        test.use({ serverOptions: serverOptions('by page') });
        test('page', async ({ page, baseURL }) => {
          await page.goto('/');
          await expect(page.locator('h1')).toHaveText('by page on ' + new URL(baseURL).port);
          await meet('page', 'request');
          await page.reload();
        });
      });

      test.describe('by', () => {
        test.use({ serverOptions: serverOptions('by request') });
        test('request', async ({ request, baseURL }) => {
          const text = async () => (await request.get('/')).text();
          expect(await text()).toBe('<h1>by request on ' + new URL(baseURL).port + '</h1>');
          await meet('request', 'page');
          await text();
        });
      });

    `,
    'hooks.spec.ts': `
      import { expect, test } from 'portslice/playwright';
      import { portIsInUse } from 'portslice';
      import { note } from './inside.ts';

      const serverOptions = (name) => ({ command: ['node', 'server.ts', '{port}', name], ready: '/' });
      test.use({ serverOptions: serverOptions('own') });
      test.beforeAll(() => note('a hook'));
      test.beforeAll(({ baseURL, workerPort }) => note('a hook with baseURL ' + typeof baseURL));
      test.afterAll(({ baseURL }) => note('a hook with baseURL ' + typeof baseURL));

      test.describe('by', () => {
        test.use({ serverOptions: serverOptions('by name') });
        test('name', async ({ browser, server, page, request, port }) => {
          expect(server.port).not.toBe(port.port);
          await (await browser.newContext()).newPage().then((one) => one.goto('/'));
          await page.goto(server.url('/'));
          expect((await request.get('/')).ok()).toBe(true);
        });
      });

      test('nothing', async ({ baseURL, port, browser }) => {
        const claimed = Number(new URL(baseURL).port);
        expect(claimed).not.toBe(port.port);
        expect(portIsInUse(claimed)).toBe(false);
      });

      test.describe('elsewhere', () => {
        test.use({ baseURL: 'http://127.0.0.1:9/' });
        test('its own baseURL', async ({ page, request, baseURL }) => {
          expect(baseURL).toBe('http://127.0.0.1:9/');
          await page.goto('about:blank');
        });
      });

      test.describe('without', () => {
        test.use({ serverOptions: undefined });
        test('options', async ({ page, request, baseURL }) => {
          expect(baseURL).toBe(undefined);
          await page.goto('about:blank');
        });
      });
    `,
  });
  const project = await createProject(files);
  const run = await runPlaywright(project);
  expect(run.exitCode, run.output).toBe(0);
  expect(run.titles('passed')).toHaveLength(6);
  expect(started(run).toSorted()).toEqual(['by name', 'by page', 'by request']);
  expect(run.log.filter(({ event }) => event === 'closed')).toHaveLength(3);
  expect(run.log.filter(({ text }) => text === 'a hook with baseURL string').length).toBeGreaterThan(1);
  expect(collisions(run.log)).toEqual([]);
  const [use] = JSON.parse(textOf(run.result('name'), /^portslice-servers$/)) as [ReportedServer];
  expect(use).toMatchObject({ fixture: 'server', command: `node server.ts ${use.port} by name` });
  expect(annotationsOf(run.result('name'), 'server')).toEqual([
    `port ${use.port}, pid ${use.pid}, ready after ${Math.round(use.readyAfterMs ?? 0)} ms: ${use.command}`,
  ]);
  expect(annotationsOf(run.result('nothing'), 'server')).toEqual([]);
  // Nobody has failed.
  expect(textOf(run.result('name'), /^output/)).toBe('');
  await expectNothingLeft(project);
});

test('the tests of a worker share its server, and the configuration can say which', async ({
  createProject,
}) => {
  const files = playwrightFiles(
    `workers: 1, use: { workerServerOptions: { command: 'node server.ts $PORT shared', ready: /listens on/ } }`,
    {
      'a-none.spec.ts': `
        import { test } from 'portslice/playwright';
        import { note } from './inside.ts';
        test.beforeAll(({ baseURL }) => note('before'));
        test('uses none', ({ baseURL }) => note('none'));
      `,
      'b-worker.spec.ts': `
        import { expect, test } from 'portslice/playwright';
        let seen;
        for (const title of ['first', 'second']) {
          test(title, async ({ request, workerServer, baseURL }) => {
            expect(await (await request.get('/')).text()).toBe('<h1>shared on ' + workerServer.port + '</h1>');
            seen ??= workerServer;
            expect(workerServer).toBe(seen);
          });
        }
        test.describe('a test with its own', () => {
          test.use({ serverOptions: { ${SERVE} } });
          test('goes there', async ({ request, server, workerServers }) => {
            expect(await (await request.get('/')).text()).toBe('<h1>a server on ' + server.port + '</h1>');
            const [one, two] = await Promise.all([workerServers.start(), workerServers.start({ ${SERVE}, label: 'two' })]);
            expect(new Set([server.port, one.port, two.port, seen.port]).size).toBe(4);
            expect((await fetch(one.url())).ok && (await fetch(two.url())).ok).toBe(true);
          });
        });
        test('still runs', async ({ request, workerServer }) => {
          expect((await request.get('/')).ok()).toBe(true);
        });
      `,
      'c-later.spec.ts': `
        import { expect, test } from 'portslice/playwright';
        test('in another file', async ({ request }) => {
          expect(await (await request.get('/')).text()).toContain('shared on ');
        });
      `,
    },
  );
  const project = await createProject(files);
  const run = await runPlaywright(project);
  expect(run.exitCode, run.output).toBe(0);
  expect(run.titles('passed')).toHaveLength(6);
  expect(run.log.slice(0, 3).map(({ text }) => text)).toEqual(['before', 'none', 'shared']);
  expect(started(run)).toHaveLength(4);
  expect(started(run).filter((name) => name === 'shared')).toHaveLength(2);
  const uses = JSON.parse(textOf(run.result('second'), /^portslice-servers$/)) as unknown[];
  expect(uses).toMatchObject([{ fixture: 'workerServer' }]);
  expect(annotationsOf(run.result('in another file'), 'workerServers')).toHaveLength(2);
  expect(annotationsOf(run.result('uses none'), 'workerServer')).toEqual([]);
  await expectNothingLeft(project);
});

test('a test starts any number of servers, and each can be stopped and restarted before', async ({
  createProject,
}) => {
  const files = playwrightFiles('workers: 1', {
    'many.spec.ts': `
      import { expect, test } from 'portslice/playwright';
      import { portIsInUse } from 'portslice';

      test.use({ portOptions: { hosts: ['127.0.0.1'] } });
      test('two', async ({ servers }) => {
        const [one, two] = await Promise.all([
          servers.start({ ${SERVE} }),
          servers.start({ command: (ports) => {
            const server = require('node:http').createServer((_, response) => response.end('inside'));
            server.listen(ports.port);
            return server;
          } }),
        ]);
        expect(one.url()).toBe('http://127.0.0.1:' + one.port);
        expect(await (await fetch(two.url())).text()).toBe('inside');
        const { pid } = one;
        await one.restart();
        expect(one.pid).not.toBe(pid);
        expect((await fetch(one.url())).ok).toBe(true);
        await one.stop();
        expect(portIsInUse(one.port)).toBe(false);
      });
      test('without options', async ({ servers }) => {
        await expect(servers.start()).rejects.toThrow('servers.start() without options has nothing to start');
      });
      test('server without options', async ({ server }) => {});
    `.replaceAll('require(', 'process.getBuiltinModule('),
  });
  const project = await createProject(files);
  const run = await runPlaywright(project);
  expect(run.titles('passed'), run.output).toEqual(['two', 'without options']);
  expect(run.result('server without options').error?.message).toContain(
    "serverOptions is not set, so that the fixture 'server' has nothing to start",
  );
  expect(started(run)).toHaveLength(2);
  expect(run.output).not.toContain('PORTSLICE_');
  await expectNothingLeft(project);
});

test('a test that fails has the output of its servers, and says which have died', async ({
  createProject,
}) => {
  const files = playwrightFiles(
    `workers: 2, fullyParallel: true, use: { serverOptions: { command: ['node', 'server.ts', '{port}', 'mine'], ready: '/ready' } }`,
    {
      'failing.spec.ts': `
        import { expect, test } from 'portslice/playwright';
        test('fails', async ({ request, server }) => {
          await request.get('/asked');
          expect(server.port).toBe(1);
        });
        test('has a server that dies', async ({ request, servers }) => {
          await servers.start({ command: ['node', 'server.ts', '{port}', 'another'], ready: '/' });
          await request.get('/die');
        });
        test('has a server that cannot start', async ({ servers }) => {
          await servers.start({ command: ['node', '-e', 'console.log("before the end"); process.exit(3)'] });
        });
        test('has servers that write nothing', async ({ servers }) => {
          await servers.start({ command: ({ port }) =>
            process.getBuiltinModule('node:http').createServer().listen(port.port) });
          await servers.start({ command: ['no-such-program', '{port}'] });
        });
        test('passes', async ({ request }) => {
          await request.get('/passes');
        });
        test.describe('with a worker', () => {
          test('fails beside the server of its worker', async ({ workerServers, request }) => {
            await workerServers.start({ ${SERVE}, label: 'of the worker' });
            expect(1).toBe(2);
          });
        });
      `,
    },
  );
  const project = await createProject(files);
  const run = await runPlaywright(project);
  expect(run.titles('passed'), run.output).toEqual(['passes']);
  const failed = run.result('fails');
  expect(textOf(failed, /^output of server on port \d+$/)).toMatch(
    /^mine listens on \d+\nmine is asked for \/ready\nmine is asked for \/asked\n/,
  );
  expect(failed.attachments.find(({ name }) => name.startsWith('output'))?.contentType).toBe('text/plain');

  const died = run.result('has a server that dies');
  const messages = died.errors.map(({ message }) => message).join('\n----\n');
  expect(messages).toMatch(
    /ServerDiedError: The server 'node server.ts \d+ mine' on port \d+ had ended by itself \(pid \d+, exit code 7\)/,
  );
  expect(messages).toMatch(/Its last output:\n[^]*mine is asked for \/die\nit was told to die/);
  expect(messages.match(/ServerDiedError/g)).toHaveLength(1);
  expect(textOf(died, /^output of servers on port/)).toContain('another listens on');
  const uses = JSON.parse(textOf(died, /^portslice-servers$/).split('\n----\n')[0] as string) as unknown[];
  expect(uses).toMatchObject([{ fixture: 'servers' }]);

  const neverStarted = run.result('has a server that cannot start');
  expect(neverStarted.error?.message).toMatch(/exit code 3[^]*before the end/);
  expect(textOf(neverStarted, /^output of servers/)).toBe('before the end\n');
  expect(annotationsOf(neverStarted, 'servers')).toEqual([expect.stringMatching(/^port \d+, .*never ready/)]);

  const silent = run.result('has servers that write nothing');
  expect(silent.error?.message).toContain("'no-such-program' cannot be started");
  expect(annotationsOf(silent, 'servers')).toHaveLength(2);
  expect(silent.attachments.map(({ name }) => name).filter((name) => name.startsWith('output'))).toEqual([]);

  expect(textOf(run.result('passes'), /^output/)).toBe('');
  expect(textOf(run.result('fails beside the server of its worker'), /^output of workerServers/)).toContain(
    'a server listens on',
  );
  await expectNothingLeft(project);
});

test('servers end, however their test ends, and a body that goes on gets no more', async ({
  createProject,
}) => {
  const files = playwrightFiles('workers: 2, fullyParallel: true', {
    'endings.spec.ts': `
      import { expect, test } from 'portslice/playwright';
      import { note } from './inside.ts';
      test.use({ serverOptions: { ${SERVE} } });
      const forEver = new Promise(() => {});

      test('times out', async ({ server, servers }) => {
        test.setTimeout(500);
        setTimeout(() => servers.start({ ${SERVE} }).catch(({ code }) => note('late: ' + code)), 700);
        await forEver;
      });
      test('is never ready', async ({ servers }) => {
        test.setTimeout(15_000);
        await servers.start({ command: ['node', 'server.ts', '{port}'], ready: () => false });
      });
      test('never ready in a fixture', async ({ request }) => {});
      test.describe('slow', () => {
        test.use({ serverOptions: { command: 'sleep 1000' } });
        test('never listens', async ({ server }) => {
          // Not reached.
        });
        test.beforeEach(() => test.setTimeout(15_000));
      });
      test('is skipped', async ({ server }) => test.skip());
      test('uncaught', async ({ server }) => {
        setTimeout(() => { throw new Error('uncaught') }, 10);
        await forEver;
      });
      test('has a family', async ({ servers }) => {
        await servers.start({ command: 'node server.ts $PORT "a family"; true' });
      });
      test('closes itself', async ({ server }) => {
        process.kill(server.pid, 'SIGTERM');
        await server.exited;
      });
      test.afterAll(async () => { await new Promise((resolve) => setTimeout(resolve, 1_000)); });
    `,
  });
  const project = await createProject(files);
  const run = await runPlaywright(project);
  expect(run.titles('timedOut'), run.output).toEqual(['times out']);
  expect(run.titles('skipped')).toEqual(['is skipped']);
  expect(run.titles('passed'), run.output).toEqual([
    'never ready in a fixture',
    'has a family',
    'closes itself',
  ]);
  expect(run.titles('failed').toSorted()).toEqual(['is never ready', 'never listens', 'uncaught']);
  for (const title of ['is never ready', 'never listens'])
    expect(run.result(title).error?.message).toContain('ServerNotReadyError');
  expect(run.log.filter(({ text }) => text.startsWith('late')).map(({ text }) => text)).toEqual([
    'late: PORTSLICE_TEST_ENDED',
  ]);
  await expectNothingLeft(project);
});

const WAITING = `
  import { expect, test } from 'portslice/playwright';
  import { note, readLog, until } from './inside.ts';
  test.use({ serverOptions: { ${SERVE} }, workerServerOptions: { ${SERVE} } });
  const ready = () => readLog().filter(({ text }) => text === 'ready').length;
  for (let index = 0; index < 2; index++) {
    test('waits ' + index, async ({ request, workerServer, servers }) => {
      // Asked, too, so that it has said that it listens.
      await servers.start({ command: 'node server.ts $PORT "a family"; true', ready: '/' });
      note('ready');
      await new Promise(() => {});
    });
  }
`;

async function startWaiting(project: Project): Promise<Program> {
  const args = ['test', '--reporter=line,json'];
  const program = project.start('playwright', args, playwrightEnvironment(project));
  const ready = (): number => readLog(logPath(project)).filter(({ text }) => text === 'ready').length;
  await expect.poll(ready).toBe(2);
  expect(serverProcesses(project).filter(isRunning)).toHaveLength(6);
  return program;
}

test('no server outlives --max-failures', async ({ createProject }) => {
  const files = playwrightFiles('workers: 3, fullyParallel: true', {
    'a.spec.ts': `${WAITING}
      test('fails', async () => {
        await until(() => ready() === 2);
        expect(1).toBe(2);
      });
    `,
  });
  const project = await createProject(files);
  const run = await runPlaywright(project, ['--max-failures=1']);
  expect(run.titles('failed'), run.output).toEqual(['fails']);
  expect(run.titles('interrupted')).toHaveLength(2);
  expect(started(run)).toHaveLength(6);
  await expectNothingLeft(project);
});

for (const whole of [false, true]) {
  test(`no server outlives Ctrl-C to ${whole ? 'every process' : 'the runner'}`, async ({
    createProject,
  }) => {
    const files = playwrightFiles('workers: 2, fullyParallel: true', { 'a.spec.ts': WAITING });
    const project = await createProject(files);
    const program = await startWaiting(project);
    if (whole) program.killGroup('SIGINT');
    else program.kill('SIGINT');
    const run = readRun(project, await program.finished);
    expect(run.exitCode, run.output).toBe(130);
    // They were asked to end.
    expect(run.log.filter(({ event }) => event === 'closed')).toHaveLength(6);
    await expectNothingLeft(project);
  });
}

test('no server outlives a worker that is killed', async ({ createProject }) => {
  const files = playwrightFiles('workers: 2, fullyParallel: true', {
    'a.spec.ts': WAITING.replace(
      `await new Promise(() => {});`,
      `await until(() => ready() === 2); process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});`,
    ),
  });
  const project = await createProject(files);
  const run = await runPlaywright(project);
  expect(run.exitCode, run.output).toBe(1);
  expect(started(run)).toHaveLength(6);
  await expectNothingLeft(project);
});

test('no server outlives a runner that is killed', async ({ createProject }) => {
  const files = playwrightFiles('workers: 2, fullyParallel: true', { 'a.spec.ts': WAITING });
  const project = await createProject(files);
  const program = await startWaiting(project);
  program.kill('SIGKILL');
  await program.finished;
  await expectNoneLocked(project);
  await expectNothingLeft(project);
});
