import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from '@playwright/test';
import type { JSONReportTestResult } from '@playwright/test/reporter';
import { neededProgram } from './support/needed-program.ts';
import {
  playwrightEnvironment,
  playwrightFiles,
  readRun,
  reportedUses,
  reportedWorkerUses,
  runPlaywright,
} from './support/playwright-project.ts';
import { expect, type Finished, type Project, test } from './support/project.ts';

const SPECS = {
  'one.spec.ts': `
    import { expect, test } from 'portslice/playwright';
    import { note } from './inside.ts';
    test('has none', () => {});
    test('has several', async ({ port, ports, workerPort }) => {
      await test.step('takes one more', async () => {
        note('ports', await ports.acquire());
      });
      note('port', port);
      note('workerPort', workerPort);
    });
  `,
  'two.spec.ts': `
    import { expect, test } from 'portslice/playwright';
    import { note } from './inside.ts';
    test.describe.configure({ retries: 1 });
    test('needs a second try', async ({ port }, testInfo) => {
      note('try ' + testInfo.retry, port);
      expect(testInfo.retry).toBe(1);
    });
  `,
};

function portsOf({ annotations }: JSONReportTestResult): Record<string, string | undefined> {
  return Object.fromEntries(annotations.map(({ type, description }) => [type, description]));
}

type Run = Awaited<ReturnType<typeof runPlaywright>>;

/** What the tests have noted while they ran is what their report says. */
function expectReported(run: Run): void {
  const noted = Object.fromEntries(run.log.map(({ text, port }) => [text, port]));
  const several = run.result('has several');
  expect(portsOf(several)).toEqual({
    port: String(noted['port']),
    ports: String(noted['ports']),
    workerPort: String(noted['workerPort']),
  });
  const uses = reportedUses(several);
  expect(uses.map(({ fixture, port, state }) => ({ fixture, port, state }))).toEqual([
    { fixture: 'port', port: noted['port'], state: 'free' },
    { fixture: 'ports', port: noted['ports'], state: 'free' },
  ]);
  expect(reportedWorkerUses(several)).toMatchObject([{ fixture: 'workerPort', port: noted['workerPort'] }]);
  const startMs = Date.parse(several.startTime);
  for (const { acquiredAtMs, releasedAtMs, waitedMs } of uses) {
    // The clocks of two processes and their rounding may differ a little.
    expect(acquiredAtMs).toBeGreaterThan(startMs - 100);
    expect(releasedAtMs).toBeGreaterThanOrEqual(acquiredAtMs);
    expect(releasedAtMs).toBeLessThan(Date.now() + 100);
    expect(waitedMs).toBeGreaterThanOrEqual(0);
  }
  expect(portsOf(run.result('has none'))).toEqual({});
  expect(reportedUses(run.result('has none'))).toEqual([]);
  expect(reportedWorkerUses(run.result('has none'))).toEqual([]);

  const tries = run.results('needs a second try');
  expect(tries.map((result) => portsOf(result)['port'])).toEqual([
    String(noted['try 0']),
    String(noted['try 1']),
  ]);
  expect(tries.map((result) => reportedUses(result).map(({ port, state }) => ({ port, state })))).toEqual([
    [{ port: noted['try 0'], state: 'sealed' }],
    [{ port: noted['try 1'], state: 'free' }],
  ]);
  expect(noted['try 1']).not.toBe(noted['try 0']);
}

async function openTest(page: Page, { dir }: Project, title: string): Promise<void> {
  await page.goto(pathToFileURL(path.join(dir, 'playwright-report/index.html')).href);
  await page.getByRole('link', { name: title }).click();
}

async function expectShown(page: Page, result: JSONReportTestResult): Promise<void> {
  for (const [fixture, port] of Object.entries(portsOf(result))) {
    const text = new RegExp(`^${fixture}\\W+${port}$`);
    await expect(
      page.locator('.test-case-annotation', { hasText: text }).filter({ visible: true }),
    ).toBeVisible();
  }
}

test('ports are in the reports, as annotations and with times', async ({ createProject, page }) => {
  neededProgram('chromium');
  const project = await createProject(playwrightFiles('workers: 1', SPECS));
  const run = await runPlaywright(project, ['--reporter=json,html']);
  expect(run.exitCode, run.output).toBe(0);
  expectReported(run);
  await openTest(page, project, 'has several');
  await expectShown(page, run.result('has several'));
});

test('ports are in the merged reports of two shards', async ({ createProject, page }) => {
  neededProgram('chromium');
  const project = await createProject(playwrightFiles('workers: 1', SPECS));
  const playwright = async (args: string[], blob: string): Promise<Finished> => {
    const env = { PLAYWRIGHT_BLOB_OUTPUT_FILE: `blobs/${blob}.zip` };
    const finished = await project.run('playwright', args, playwrightEnvironment(project, { env }));
    expect(finished.exitCode, finished.output).toBe(0);
    return finished;
  };
  for (const shard of ['1', '2']) await playwright(['test', '--reporter=blob', `--shard=${shard}/2`], shard);
  const merged = await playwright(['merge-reports', '--reporter=json,html', 'blobs'], 'none');
  const run = readRun(project, merged);
  expectReported(run);
  await openTest(page, project, 'needs a second try');
  const [first, second] = run.results('needs a second try') as [JSONReportTestResult, JSONReportTestResult];
  await expectShown(page, first);
  await page.getByRole('tab', { name: /^Retry #1/ }).click();
  await expectShown(page, second);
});
