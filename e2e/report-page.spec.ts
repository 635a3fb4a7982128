import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import type { PortsReport, PortUseReport, TestReport } from '../src/report/format.ts';
import { loadRenderPage } from '../test/support/report-page.ts';
import { syntheticReport } from '../test/support/synthetic-report.ts';
import { colorAt, colorNamed } from './support/page-colors.ts';
import { expect, test } from './support/report-page.ts';

const usual = syntheticReport({ testCount: 120, workersPerMachine: 3 });
const sharded = syntheticReport({ testCount: 200, workersPerMachine: 2, machineCount: 3 });

/** How many rows the table has right after it was said that printing begins. */
const PRINT_AND_COUNT = `(() => {
  dispatchEvent(new Event('beforeprint'));
  return document.querySelectorAll('#tests-table tbody tr').length;
})()`;

function titleOf({ titles }: TestReport): string {
  return titles.join(' \u203A ');
}

function leakedTest({ tests }: PortsReport): TestReport {
  const found = tests.find(({ ports }) => ports.some(({ state }) => state === 'leaked'));
  if (found === undefined) throw new Error('No test of the report leaked');
  return found;
}

test('the page leads with the numbers of the run and with the tests that leaked', async ({ openReport }) => {
  const { page } = await openReport(usual);
  const leaked = leakedTest(usual);
  await expect(page).toHaveTitle('Ports report');
  await expect(page.getByText('120 tests with ports, 40 without')).toBeVisible();
  const first = page.getByRole('region', { name: 'Look here first' }).getByRole('listitem').first();
  await expect(first).toContainText('leaked');
  await expect(first.getByRole('link')).toHaveAttribute('href', /^#test=/);
  await expect(first).toContainText(`port ${leaked.ports[0]?.port} leaked: node dist/worker.js --detached`);
});

test.describe('the timeline', () => {
  const chosen = leakedTest(usual);
  const free = usual.tests
    .filter(({ ports, servers }) => servers.length === 0 && ports.every(isFree))
    .toSorted((a, b) => b.durationMs - a.durationMs)[0] as TestReport;

  test('draws a bar for each port, in the colour of its state, and names its test under the mouse', async ({
    openReport,
  }) => {
    for (const [one, color] of [
      [chosen, '--leaked'],
      [free, '--held'],
    ] as const) {
      const { page, lanes } = await openReport(usual, `#test=${one.id}`);
      const { x, y } = centreOf(await lanes.getByRole('button').boundingBox());
      expect(await colorAt(page, x, y)).toBe(await colorNamed(page, color));
      await page.mouse.move(x, y);
      await expect(page.getByRole('tooltip')).toContainText(titleOf(one));
      await expect(page.getByRole('tooltip')).toContainText(`Port${one.ports[0]?.port}`);
      await page.mouse.move(1, 1);
      await expect(page.getByRole('tooltip')).toBeHidden();
      await page.mouse.click(x, y);
      await expect(page).toHaveURL(new RegExp(`#test=${one.id}$`));
      await page.goto('about:blank');
    }
  });

  test('goes from bar to bar with the arrow keys, and lets go with Tab', async ({ openReport }) => {
    const { page, lanes } = await openReport(usual);
    const bar = lanes.getByRole('button');
    await page.getByRole('button', { name: 'Whole run' }).focus();
    await page.keyboard.press('Tab');
    await expect(bar).toBeFocused();
    await expect(page.getByRole('tooltip')).toBeVisible();
    const labels = new Set([await bar.getAttribute('aria-label')]);
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown', 'End']) {
      await page.keyboard.press(key);
      await expect(bar).toBeFocused();
      labels.add(await bar.getAttribute('aria-label'));
    }
    expect(labels.size).toBe(5);
    const label = (await bar.getAttribute('aria-label')) as string;
    const named = usual.tests.find((one) => label.startsWith(titleOf(one))) as TestReport;
    await expect(page.getByRole('tooltip')).toContainText(titleOf(named));
    await page.keyboard.press('Escape');
    await expect(page.getByRole('tooltip')).toBeHidden();
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(new RegExp(`#test=${named.id}$`));
    await page.keyboard.press('Tab');
    await expect(bar).not.toBeFocused();
  });

  test('is zoomed and panned by buttons, keys, wheel and mouse', async ({ openReport }) => {
    const { page, lanes } = await openReport(usual, `#test=${free.id}`);
    const bar = lanes.getByRole('button');
    const boxOf = async (): Promise<Box> => (await bar.boundingBox()) as Box;
    const start = await boxOf();
    await page.getByRole('button', { name: 'Zoom in' }).click();
    await expect.poll(async () => (await boxOf()).width).toBeGreaterThan(start.width);
    await page.getByRole('button', { name: 'Whole run' }).click();
    await expect.poll(boxOf).toEqual(start);
    await bar.focus();
    await page.keyboard.press('+');
    await page.keyboard.press('+');
    const zoomed = await boxOf();
    expect(zoomed.width).toBeGreaterThan(start.width);
    await page.keyboard.press('Shift+ArrowRight');
    await expect.poll(async () => (await boxOf()).x).toBeLessThan(zoomed.x);
    await page.keyboard.press('0');
    await expect.poll(boxOf).toEqual(start);
    const { x, y } = centreOf(start);
    await page.mouse.move(x, y);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -300);
    await page.keyboard.up('Control');
    await expect.poll(async () => (await boxOf()).width).toBeGreaterThan(start.width);
    const before = await boxOf();
    await page.mouse.down();
    await page.mouse.move(x + 40, y, { steps: 4 });
    await page.mouse.up();
    await expect.poll(async () => (await boxOf()).x).toBeGreaterThan(before.x);
  });

  test('has a group of lanes for each machine, with the difference of its clock', async ({ openReport }) => {
    const { page } = await openReport(sharded);
    const timeline = page.getByRole('region', { name: 'Timeline' });
    await expect(timeline.getByRole('heading', { level: 3 })).toHaveText([
      'Shard 1/3, ci-runner-1, clock difference not known',
      'Shard 2/3, ci-runner-2, clock at least 37 ms behind',
      'Shard 3/3, ci-runner-3, clock at least 74 ms ahead',
    ]);
    await expect(timeline.getByText(/^(?:worker \d|main process)$/)).toHaveCount(9);
  });
});

test.describe('the map of the pool', () => {
  test('says in words what it shows, at a moment that can be chosen', async ({ openReport }) => {
    const { page } = await openReport(sharded);
    const pool = page.getByRole('region', { name: 'Pool' });
    await pool.getByText('The pool in words').click();
    await expect(pool.getByRole('row')).toHaveCount(4);
    await expect(pool.getByRole('row').nth(1)).toContainText('0 (the run)20000-20047, 20049-2005959');
    await expect(pool).toContainText('20130: redis-server *:20130 (pid 812)');
    await expect(pool).toContainText('20048: excluded by the options');
    await expect(pool.getByRole('heading', { name: 'Held at the end' })).toBeVisible();
    const moment = pool.getByRole('slider', { name: 'Moment' });
    await moment.focus();
    await page.keyboard.press('Home');
    await expect(pool).toContainText('at 0 ms: 0 ports held');
    for (let step = 0; step < 5; step++) await page.keyboard.press('PageUp');
    await expect(pool).toContainText(/at [\d.]+ m?s: [1-9]\d* ports held/);
    await pool.getByRole('combobox', { name: 'Machine of the map' }).selectOption('Shard 2/3');
    await expect(pool.getByRole('row')).toHaveCount(4);
  });
});

test.describe('the table of tests', () => {
  test('is filtered, searched and sorted, and says how many tests are left', async ({ openReport }) => {
    const { page, rows, results, search } = await openReport(usual);
    const leaked = usual.tests.filter(({ ports }) => ports.some(({ state }) => state === 'leaked'));
    const leakedFilter = page.getByRole('button', { name: /^leaked/ });
    await expect(results).toHaveText('120 tests');
    await leakedFilter.click();
    await expect(leakedFilter).toHaveAttribute('aria-pressed', 'true');
    await expect(results).toHaveText(`${leaked.length} of 120 tests`);
    await expect(rows).toHaveCount(leaked.length);
    await leakedFilter.click();
    const wanted = usual.tests[17] as TestReport;
    await search.fill(`${wanted.file} ${wanted.ports[0]?.port}`);
    await expect(rows.first()).toContainText(titleOf(wanted));
    await search.fill('no such test');
    await expect(results).toHaveText('0 of 120 tests');
    await search.fill('');

    const held = page.getByRole('columnheader', { name: 'Held for' });
    await held.getByRole('button').click();
    await expect(held).toHaveAttribute('aria-sort', 'descending');
    const longest = usual.tests.toSorted((a, b) => heldMs(b) - heldMs(a))[0] as TestReport;
    await expect(rows.first()).toContainText(titleOf(longest));
    await held.getByRole('button').click();
    await expect(held).toHaveAttribute('aria-sort', 'ascending');
    await held.getByRole('button').click();
    await expect(held).toHaveAttribute('aria-sort', 'none');
    await expect(rows.first()).toContainText(titleOf(usual.tests[0] as TestReport));
  });

  test('is walked through with the keyboard, over one stop of Tab', async ({ openReport }) => {
    const { page, rows } = await openReport(usual);
    await rows.first().getByRole('link').focus();
    await page.keyboard.press('End');
    const last = page.getByRole('link', { name: titleOf(usual.tests.at(-1) as TestReport) });
    await expect(last).toBeFocused();
    await expect(last).toBeInViewport();
    await page.keyboard.press('ArrowUp');
    await expect(page.locator('tr[aria-rowindex="120"] a')).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/#test=/);
    await page.locator('tr[aria-rowindex="120"] a').focus();
    await page.keyboard.press('Shift+Tab');
    await expect(page.getByRole('columnheader').last().getByRole('button')).toBeFocused();
  });
});

test('a link to a test chooses it in the table and the timeline, and the back button leads back', async ({
  openReport,
}) => {
  const [first, second] = [usual.tests[100] as TestReport, usual.tests[5] as TestReport];
  const { page, lanes } = await openReport(usual, `#test=${first.id}`);
  const chosen = page.getByRole('complementary', { name: 'Chosen test' });
  const row = page.locator('tr a[aria-current="true"]');
  const expectChosen = async (one: TestReport): Promise<void> => {
    await expect(chosen).toContainText(titleOf(one));
    await expect(row).toContainText(titleOf(one));
    await expect(lanes.getByRole('button')).toHaveAccessibleName(new RegExp(`Port: ${one.ports[0]?.port}`));
  };
  await expectChosen(first);
  await expect(lanes).toBeInViewport();
  await row.scrollIntoViewIfNeeded();
  await expect(row).toBeInViewport();
  await page.evaluate(`location.hash = '#test=${second.id}'`);
  await expectChosen(second);
  await page.goBack();
  await expectChosen(first);
  await chosen.getByRole('button', { name: /Close/ }).click();
  await expect(chosen).toBeHidden();
  await page.goBack();
  await expectChosen(first);
});

test('a link to a test that the report does not have says so', async ({ openReport }) => {
  const { page } = await openReport(usual, '#test=%E0%A4%A');
  await expect(page.getByRole('complementary')).toContainText('No test of this report has the id %E0%A4%A.');
});

for (const colorScheme of ['light', 'dark'] as const)
  test(`axe finds nothing to complain about in ${colorScheme}`, async ({ openReport, page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const report of [usual, sharded]) {
      const { lanes } = await openReport(report, `#test=${leakedTest(report).id}`);
      await page.getByText('The pool in words').click();
      await lanes.getByRole('button').focus();
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
      await page.goto('about:blank');
    }
  });

test('on paper there is the timeline, all leaks, the first tests, and no control', async ({
  openReport,
  page,
}) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  const large = syntheticReport({ testCount: 400, machineCount: 2 });
  const { lanes, rows } = await openReport(large);
  // A browser that prints does not wait.
  expect(await page.evaluate(PRINT_AND_COUNT)).toBe(200);
  expect(await colorNamed(page, '--surface')).toBe('#ffffff');
  await page.evaluate(`dispatchEvent(new Event('afterprint'))`);
  await expect(page.getByText('The first 200 of 400 tests.')).toBeHidden();
  await page.emulateMedia({ media: 'print' });
  await expect(rows).toHaveCount(200);
  await expect(page.getByText('The first 200 of 400 tests.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Whole run' })).toBeHidden();
  await expect(page.getByRole('searchbox')).toBeHidden();
  await expect(page.getByRole('slider')).toBeHidden();
  const unusual = large.tests.filter(({ ports }) =>
    ports.some((use) => use.state === 'leaked' || use.waitedMs > 0),
  );
  for (const one of unusual)
    await expect(page.getByRole('region', { name: 'Look here first' })).toContainText(titleOf(one));
  const labels = await page.locator('.lane-label').all();
  const lowest = await labels.at(-1)?.boundingBox();
  const canvas = await lanes.locator('canvas').boundingBox();
  expect(endOf(canvas)).toBeGreaterThanOrEqual(endOf(lowest) - 1);
});

test('a window as wide as a phone needs no scrolling sideways', async ({ openReport, page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await openReport(sharded, `#test=${leakedTest(sharded).id}`);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
});

for (const testCount of [1_000, 20_000])
  test(`${testCount} tests are all there, few of them as elements`, async ({ openReport, page }) => {
    const report = syntheticReport({ testCount, machineCount: 4, workersPerMachine: 8 });
    const { rows, search, results, lanes } = await openReport(report, `#test=${report.tests.at(-1)?.id}`);
    const [last, middle] = [report.tests.at(-1), report.tests[testCount / 2]] as [TestReport, TestReport];
    await expect(page.locator('tr a[aria-current="true"]')).toContainText(titleOf(last));
    expect(await rows.count()).toBeLessThan(100);
    await expect(page.getByRole('table', { name: 'Tests' })).toHaveAttribute(
      'aria-rowcount',
      String(testCount + 1),
    );
    await search.fill(titleOf(middle).slice(-12));
    await expect(rows.first()).toContainText(titleOf(middle));
    await expect(results).toContainText(`of ${testCount.toLocaleString('en')} tests`);
    await search.fill('');
    const header = page.getByRole('columnheader', { name: 'Test' });
    await header.getByRole('button').click();
    await expect(header).toHaveAttribute('aria-sort', 'ascending');
    await expect(results).toHaveText(`${testCount.toLocaleString('en')} tests`);
    await rows.first().getByRole('link').focus();
    await page.keyboard.press('End');
    await expect(page.locator(`tr[aria-rowindex="${testCount + 1}"] a`)).toBeFocused();
    await lanes.getByRole('button').focus();
    await page.keyboard.press('ArrowLeft');
    await expect(page.getByRole('tooltip')).toBeVisible();
  });

test('labels of any kind are text: HTML, ends of scripts, control characters, other directions, 10,000 characters', async ({
  openReport,
  page,
}) => {
  const hostile = [
    '<img src=x onerror=alert(1)>',
    '</script><script>alert(2)</script>',
    '<!-- ]]> {{7*7}} ${7*7} &lt;b&gt;',
    '\u001B[31mred\u0007\u0000\u0085',
    '\u202Eright to left \u05D0\u05D1\u05D2 \u0627\u0644\u0639',
    `long ${'x'.repeat(10_000)}`,
  ];
  const report = syntheticReport({ testCount: 40, titles: hostile.map((text) => [text, `${text} again`]) });
  const everywhere = {
    ...report,
    tests: report.tests.map((one) => ({
      ...one,
      file: hostile[1] as string,
      project: hostile[0] as string,
      servers: one.servers.map((server) => ({ ...server, command: hostile[4] as string })),
      ports: one.ports.map((use) => ({
        ...use,
        state: 'leaked' as const,
        leakedBy: [{ processId: 1, command: hostile[0] }],
      })),
    })),
    machines: report.machines.map((machine) => ({
      ...machine,
      hostName: hostile[1] as string,
      platform: hostile[3] as string,
    })),
  };
  await page.setViewportSize({ width: 1280, height: 900 });
  const { search, rows, lanes } = await openReport(everywhere);
  const shown = [
    hostile[0],
    hostile[1],
    hostile[2],
    '\u241B[31mred\u2407\u2400\uFFFD',
    '\uFFFDright to left \u05D0\u05D1\u05D2',
    'long xxxxxxxx',
  ] as string[];
  for (const [index, text] of shown.entries()) {
    await search.fill(hostile[index]?.slice(0, 20).trim() as string);
    await expect(rows.filter({ hasText: text }).first()).toBeVisible();
    await rows.filter({ hasText: text }).first().getByRole('link').click();
    await expect(page.getByRole('complementary')).toContainText(text);
    await lanes.getByRole('button').focus();
    await expect(page.getByRole('tooltip')).toContainText(text);
  }
  expect(await page.locator('img, b').count()).toBe(0);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(1280);
  for (const row of await rows.all()) expect((await row.boundingBox())?.height).toBeLessThan(32);
});

test('a run without ports, and one without a pool, have a page that says so', async ({ openReport }) => {
  const none = syntheticReport({ testCount: 0 });
  const machines = none.machines.map((machine) => ({ ...machine, pool: undefined }));
  const { page, results } = await openReport({ ...none, shared: [], machines });
  await expect(results).toHaveText('0 tests');
  await expect(page.getByText('No test fits.')).toBeVisible();
  await expect(page.getByText('This run had no pool.')).toBeVisible();
  await expect(page.getByText('No test leaked a port, waited for one')).toBeVisible();
  await expect(page.getByRole('application').getByRole('button')).toHaveCount(0);
});

test('nothing but its own script runs in the page, and nothing is fetched', async ({ page }, testInfo) => {
  const file = testInfo.outputPath('index.html');
  const renderPage = await loadRenderPage();
  const marked = renderPage(usual).replace(
    '<noscript>',
    '<script>globalThis.hasRun = true</script><noscript>',
  );
  writeFileSync(file, marked);
  await page.goto(pathToFileURL(file).href);
  await expect(page.getByRole('heading', { name: 'Timeline' })).toBeVisible();
  expect(await page.evaluate('globalThis.hasRun')).toBeUndefined();
  const outcome = await page.evaluate(`fetch('https://example.com/').then(() => 'fetched', () => 'refused')`);
  expect(outcome).toBe('refused');
  const blocked = await page.evaluate(`new Promise((resolve) => {
    addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective));
    fetch('https://example.com/').catch(() => undefined);
  })`);
  expect(blocked).toBe('connect-src');
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('the page has the summary and the tests that leaked', async ({ openReport }) => {
    const report = syntheticReport({
      testCount: 20,
      titles: [['a'], ['b'], ['c'], ['<b>bold</b>', '</noscript>']],
    });
    const { page } = await openReport(report);
    await expect(page.getByRole('main')).toContainText(`Leaks${report.summary.leaks}`);
    await expect(page.getByRole('listitem').first()).toContainText('<b>bold</b> > </noscript>, tests/');
  });
});

function endOf(box: Box | null | undefined): number {
  if (!box) throw new Error('It is not visible');
  return box.y + box.height;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function centreOf(box: Box | null): { x: number; y: number } {
  if (box === null) throw new Error('It is not visible');
  // Above the strip of the server.
  return { x: box.x + box.width / 2, y: box.y + 5 };
}

function isFree({ state, borrowed }: PortUseReport): boolean {
  return state === 'free' && !borrowed;
}

function heldMs({ ports }: TestReport): number {
  const ends = ports.map(({ releasedAtMs }) => releasedAtMs ?? -Infinity);
  return Math.max(...ends) - Math.min(...ports.map(({ acquiredAtMs }) => acquiredAtMs));
}
