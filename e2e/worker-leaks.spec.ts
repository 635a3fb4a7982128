import { playwrightFiles, runPlaywright } from './support/playwright-project.ts';
import { expect, test } from './support/project.ts';
import { runVitest, vitestFiles } from './support/vitest-project.ts';

const LEAK = `
import { note, startServerProcess } from './inside.ts';
async function leave(port) {
  const child = await startServerProcess(port);
  child.unref();
  child.stdout.unref();
  note(child.pid + ' left on ' + port);
}
`;

interface Left {
  readonly port: string;
  readonly processId: string;
}

/** Ends the servers that the tests have left behind. */
function endServers(log: readonly { readonly text: string }[]): Left[] {
  const left = log.flatMap(({ text }) => {
    const [, processId, port] = /^(\d+) left on (\d+)$/.exec(text) ?? [];
    return port === undefined || processId === undefined ? [] : [{ port, processId }];
  });
  for (const { processId } of left) process.kill(Number(processId), 'SIGKILL');
  return left;
}

function expectEachNamed(output: string, left: readonly Left[]): void {
  for (const { port, processId } of left) {
    const warnings = output.split('\n').filter((line) => line.includes(`Port ${port} was released by`));
    expect(warnings, output).toHaveLength(1);
    expect(warnings[0]).toContain('[PORTSLICE_LEAK]');
    expect(warnings[0]).toContain(`pid ${processId} (`);
  }
  expect(output.match(/\[PORTSLICE_LEAK\]/g)).toHaveLength(left.length);
}

for (const from of ['portslice/playwright', '@playwright/test']) {
  test(`a server that outlives a worker of Playwright is named, with the test of ${from}`, async ({
    createProject,
  }) => {
    const own = from === '@playwright/test';
    const files = playwrightFiles('workers: 1', {
      'leaks.spec.ts': `${LEAK}
        import { test } from '${from}';
        import { acquirePort } from 'portslice/playwright';
        test.beforeAll(async () => leave(await acquirePort()));
        ${
          own
            ? `test('uses no fixture', () => undefined);`
            : `test('passes', async ({ workerPort, workerPorts }) => {
                 await leave(workerPort);
                 await leave(await workerPorts.acquire());
               });`
        }
      `,
    });
    const run = await runPlaywright(await createProject(files));
    const left = endServers(run.log);
    expect(run.titles('passed'), run.output).toHaveLength(1);
    expect(left).toHaveLength(own ? 1 : 3);
    expectEachNamed(run.output, left);
  });
}

for (const pool of ['forks', 'threads']) {
  for (const isolate of [true, false]) {
    test(`a server that outlives a file or worker of Vitest is named in ${pool} with isolate: ${isolate}`, async ({
      createProject,
    }) => {
      const files = vitestFiles(`pool: '${pool}', isolate: ${isolate}, maxWorkers: 1`, {
        'leaks.test.ts': `${LEAK}
          import { acquirePort, test } from 'portslice/vitest';
          import { beforeAll } from 'vitest';
          beforeAll(async () => leave(await acquirePort()));
          test('passes', async ({ filePort, workerPort, workerPorts }) => {
            for (const port of [filePort, workerPort, await workerPorts.acquire()]) await leave(port);
          });
        `,
      });
      const run = await runVitest(await createProject(files));
      const left = endServers(run.log);
      expect(run.titles('passed'), run.output).toHaveLength(1);
      expect(left).toHaveLength(4);
      expectEachNamed(run.output, left);
    });
  }
}
