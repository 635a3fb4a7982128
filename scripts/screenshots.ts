/** The pictures of the report's page in docs/images, of a synthetic run: `npm run screenshots`, after `npm run build`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from '@playwright/test';
import { launchOptions } from '../e2e/support/chromium.ts';
import { loadRenderPage } from '../test/support/report-page.ts';
import { syntheticReport } from '../test/support/synthetic-report.ts';

const folder = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '../docs/images'));
const temporary = path.resolve(import.meta.dirname, '../.tmp');
const WINDOW = { width: 1280, height: 1000 };

const renderPage = await loadRenderPage();
mkdirSync(folder, { recursive: true });
mkdirSync(temporary, { recursive: true });
const pages = {
  report: { testCount: 180, workersPerMachine: 4, slicePortCount: 2_000 },
  'report-shards': { testCount: 600, workersPerMachine: 3, machineCount: 3 },
};
const browser = await chromium.launch(launchOptions);
try {
  for (const [name, wanted] of Object.entries(pages)) {
    const file = path.join(temporary, `${name}.html`);
    writeFileSync(file, renderPage(syntheticReport(wanted)));
    for (const colorScheme of ['light', 'dark'] as const) await takePicture(browser, file, name, colorScheme);
  }
} finally {
  await browser.close();
}

async function takePicture(
  browserToUse: Browser,
  file: string,
  name: string,
  colorScheme: 'light' | 'dark',
): Promise<void> {
  const page = await browserToUse.newPage({
    viewport: WINDOW,
    colorScheme,
    timezoneId: 'UTC',
    locale: 'en-GB',
  });
  await page.goto(pathToFileURL(file).href);
  await page.getByRole('heading', { name: 'Timeline' }).waitFor();
  await page.screenshot({ path: path.join(folder, `${name}-${colorScheme}.png`) });
  await page.close();
}
