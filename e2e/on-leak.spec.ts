import { stripVTControlCharacters } from 'node:util';
import type { LogEntry } from './support/inside.program.ts';
import { installed } from './support/installed-packages.ts';
import { playwrightFiles, runPlaywright } from './support/playwright-project.ts';
import { expect, test } from './support/project.ts';
import { runVitest, vitestFiles } from './support/vitest-project.ts';
import { useVitest } from './support/vitest-versions.ts';
import { expectAllReleased } from './support/what-is-left.ts';

const LEAK = `
import { note, startServerProcess } from './inside.ts';
async function leave(port, where) {
  const child = await startServerProcess(port);
  child.unref();
  child.stdout.unref();
  note(where + ' left pid ' + child.pid, port);
}
`;

interface Left {
  readonly where: string;
  readonly port: number;
  readonly processId: number;
}

/** Ends the servers that the tests have left behind. */
function endServers(log: readonly LogEntry[]): Left[] {
  const left = log.flatMap(({ text, port }) => {
    const [, where, processId] = /^(.+) left pid (\d+)$/.exec(text) ?? [];
    return where === undefined ? [] : [{ where, port, processId: Number(processId) }];
  });
  for (const { processId } of left) process.kill(processId, 'SIGKILL');
  return left;
}

/** What the message says, whether it is an error or a warning. */
function sentence({ port, processId }: Left, label: string): RegExp {
  return new RegExp(
    `Port ${port} was released by '.*${label}.*', but pid ${processId} \\(.*\\) still listens on it\\.`,
  );
}

function leftIn(left: readonly Left[], where: string): Left {
  return left.find((one) => one.where === where) as Left;
}

test('a test of Playwright that leaves a server fails, warns or passes, as portOptions and the run say', async ({
  createProject,
}) => {
  const files = playwrightFiles(
    'workers: 1',
    {
      'a.spec.ts': `${LEAK}
        import { test } from 'portslice/playwright';
        import { acquirePort } from 'portslice/playwright';
        test('as the run says', async ({ port }) => leave(port, 'run'));
        test('by acquirePort', async () => leave(await acquirePort(), 'acquirePort'));
        test('leaves nothing', async ({ port }) => undefined);
        test.describe(() => {
          test.use({ portOptions: { onLeak: 'ignore' } });
          test('ignored', async ({ port }) => leave(port, 'ignored'));
        });
        test.describe(() => {
          test.use({ portOptions: { onLeak: 'warn' } });
          test('warned of', async ({ ports }) => leave(await ports.acquire(), 'warned'));
        });
      `,
    },
    `onLeak: 'fail'`,
  );
  const project = await createProject(files);
  const run = await runPlaywright(project);
  const left = endServers(run.log);
  expect(run.titles('failed'), run.output).toEqual(['as the run says', 'by acquirePort']);
  expect(run.titles('passed')).toEqual(['leaves nothing', 'ignored', 'warned of']);
  for (const [title, where] of [
    ['as the run says', 'run'],
    ['by acquirePort', 'acquirePort'],
  ] as const) {
    const { errors, attachments } = run.result(title);
    expect(errors).toHaveLength(1);
    expect(stripVTControlCharacters(errors[0]?.message ?? '')).toMatch(sentence(leftIn(left, where), title));
    expect(errors[0]?.message).toContain('PortLeakError');
    expect(attachments.map(({ name }) => name)).toContain('portslice');
  }
  const warnings = run.output.split('\n').filter((line) => line.includes('PORTSLICE_LEAK'));
  expect(warnings).toEqual([expect.stringMatching(sentence(leftIn(left, 'warned'), 'warned of'))]);
  expect(run.output).not.toContain(`Port ${leftIn(left, 'ignored').port} `);
  await expectAllReleased(project);
});

for (const from of ['portslice/playwright', '@playwright/test']) {
  test(`a server that is left behind for a worker of Playwright, with the test of ${from}`, async ({
    createProject,
  }) => {
    const isOwn = from === '@playwright/test';
    const files = playwrightFiles('workers: 1', {
      'a.spec.ts': `${LEAK}
        import { test } from '${from}';
        import { acquirePort } from 'portslice/playwright';
        test.beforeAll(async () => leave(await acquirePort(), 'hook'));
        test('passes', async (${isOwn ? '' : '{ workerPort }'}) => {
          ${isOwn ? `await leave(await acquirePort(), 'test');` : `await leave(workerPort, 'fixture');`}
        });
      `,
    });
    const project = await createProject(files);
    const run = await runPlaywright(project, [], { env: { PORTSLICE_ON_LEAK: 'fail' } });
    const left = endServers(run.log);
    expect(left, run.output).toHaveLength(2);
    // The test has ended: the run fails, unless Playwright's own test tells no end to fail.
    expect(run.titles('passed')).toEqual(['passes']);
    expect(run.exitCode).toBe(isOwn ? 0 : 1);
    for (const one of left)
      expect(run.output).toMatch(sentence(one, one.where === 'test' ? 'passes' : 'worker 0'));
    expect(run.output.match(/\[PORTSLICE_LEAK\]/g) ?? []).toHaveLength(isOwn ? 2 : 0);
    await expectAllReleased(project);
  });
}

const VITEST_TESTS = `${LEAK}
import { test as base, acquirePort } from 'portslice/vitest';
import { describe, test as plain } from 'vitest';
base('as the run says', async ({ port }) => leave(port, 'run'));
base('by acquirePort', async () => leave(await acquirePort(), 'acquirePort'));
plain('of the plain test', async () => leave(await acquirePort(), 'plain'));
base('by both', async ({ port }) => {
  await leave(port, 'both, by fixture');
  await leave(await acquirePort(), 'both, by acquirePort');
});
base('leaves nothing', async ({ port }) => undefined);
const override = base.override ?? base.scoped;
describe('one', () => {
  override.call(base, { portOptions: { onLeak: 'ignore' } });
  base('ignored', async ({ port }) => leave(port, 'ignored'));
});
describe('other', () => {
  override.call(base, { portOptions: { onLeak: 'warn' } });
  base('warned of', async ({ port }) => leave(port, 'warned'));
});
`;

const VERSIONS = [
  { name: '3.2.7', packages: { vitest: '3.2.7', vite: '7.3.8' } },
  { name: '4.1.12', packages: { vitest: '4.1.12', vite: '8.3.8' } },
  { name: '5', packages: undefined },
];

for (const { name, packages } of VERSIONS) {
  test(`a test of Vitest ${name} that leaves a server fails, warns or passes, as portOptions and the run say`, async ({
    createProject,
  }) => {
    test.setTimeout(180_000);
    const files = vitestFiles(
      'maxWorkers: 1, minWorkers: 1',
      { 'a.test.ts': VITEST_TESTS },
      `{ onLeak: 'fail' }`,
    );
    const project = await createProject(files);
    const command = packages && { command: useVitest(project, installed('vitest', packages)) };
    const run = await runVitest(project, [], command ?? {});
    const left = endServers(run.log);
    expect(run.titles('failed'), run.output).toEqual([
      'as the run says',
      'by acquirePort',
      'of the plain test',
      'by both',
    ]);
    const both = run.result('by both').failureMessages?.join('\n');
    for (const where of ['both, by fixture', 'both, by acquirePort'])
      expect(both).toMatch(sentence(leftIn(left, where), 'by both'));
    expect(run.titles('passed')).toEqual(['leaves nothing', 'ignored', 'warned of']);
    for (const [title, where] of [
      ['as the run says', 'run'],
      ['by acquirePort', 'acquirePort'],
      ['of the plain test', 'plain'],
    ] as const) {
      const { failureMessages } = run.result(title);
      expect(failureMessages).toHaveLength(1);
      expect(failureMessages?.[0]).toMatch(sentence(leftIn(left, where), title));
      expect(failureMessages?.[0]).toContain('PortLeakError');
    }
    const warnings = run.output.split('\n').filter((line) => line.includes('PORTSLICE_LEAK'));
    expect(warnings).toEqual([expect.stringMatching(sentence(leftIn(left, 'warned'), 'warned of'))]);
    expect(run.output).not.toContain(`Port ${leftIn(left, 'ignored').port} `);
    await expectAllReleased(project);
  });
}

for (const isolate of [true, false]) {
  test(`a server that is left behind for a file fails the run of Vitest, for a worker it is warned of, with isolate: ${isolate}`, async ({
    createProject,
  }) => {
    const settings = `isolate: ${isolate}, maxWorkers: 1`;
    const files = vitestFiles(
      settings,
      {
        'a.test.ts': `${LEAK}
          import { acquirePort, test } from 'portslice/vitest';
          import { beforeAll } from 'vitest';
          beforeAll(async () => leave(await acquirePort(), 'hook'));
          test('passes', async ({ filePort, workerPort }) => {
            await leave(filePort, 'file');
            await leave(workerPort, 'worker');
          });
        `,
      },
      `{ onLeak: 'fail' }`,
    );
    const project = await createProject(files);
    const run = await runVitest(project);
    const left = endServers(run.log);
    expect(left, run.output).toHaveLength(3);
    expect(run.titles('passed')).toEqual(['passes']);
    expect(run.exitCode).toBe(1);
    for (const one of left) expect(run.output).toMatch(sentence(one, 'a.test.ts'));
    const warnings = run.output.split('\n').filter((line) => line.includes('[PORTSLICE_LEAK]'));
    expect(warnings).toEqual([expect.stringMatching(sentence(leftIn(left, 'worker'), 'workerPorts'))]);
    await expectAllReleased(project);
  });
}
