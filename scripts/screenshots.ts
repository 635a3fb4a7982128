/** The pictures of the report's page in docs/images, of synthetic runs: `npm run screenshots`, after `npm run build`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from '@playwright/test';
import { launchOptions } from '../e2e/support/chromium.ts';
import { loadRenderPage } from '../test/support/report-page.ts';
import { syntheticReport, type Wanted } from '../test/support/synthetic-report.ts';

interface Picture {
  readonly wanted: Wanted;
  readonly hash: string;
  readonly prepare: (page: Page) => Promise<void>;
}

const WINDOW = { width: 1280, height: 1000 };
/** The first view of a run on one machine, and a test of a run on three, as a link to it shows it. */
const PICTURES: Readonly<Record<string, Picture>> = {
  report: {
    wanted: { testCount: 180, workersPerMachine: 4, slicePortCount: 2_000 },
    hash: '',
    prepare: () => Promise.resolve(),
  },
  'report-of-shards': {
    wanted: { testCount: 600, workersPerMachine: 3, machineCount: 3, slicePortCount: 2_000 },
    hash: '#test=test-36',
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Zoom in' }).click();
      await page.getByRole('application').getByRole('button').focus();
    },
  },
};

const target = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '../docs/images'));
const temporary = mkdtempSync(path.join(tmpdir(), 'portslice-screenshots-'));
mkdirSync(target, { recursive: true });
const renderPage = await loadRenderPage();
const browser = await chromium.launch(launchOptions);
try {
  for (const [name, picture] of Object.entries(PICTURES)) {
    const file = path.join(temporary, `${name}.html`);
    writeFileSync(file, renderPage(syntheticReport(picture.wanted)));
    for (const colorScheme of ['light', 'dark'] as const)
      await take(browser, picture, file, {
        colorScheme,
        target: path.join(target, `${name}-${colorScheme}.png`),
      });
  }
} finally {
  await browser.close();
  rmSync(temporary, { recursive: true, force: true });
}

async function take(
  inBrowser: Browser,
  { hash, prepare }: Picture,
  file: string,
  options: { readonly colorScheme: 'light' | 'dark'; readonly target: string },
): Promise<void> {
  const page = await inBrowser.newPage({
    viewport: WINDOW,
    colorScheme: options.colorScheme,
    timezoneId: 'UTC',
    locale: 'en-GB',
  });
  await page.goto(pathToFileURL(file).href + hash);
  await page.getByRole('heading', { name: 'Timeline' }).waitFor();
  await prepare(page);
  await page.screenshot({ path: options.target });
  await page.close();
}
