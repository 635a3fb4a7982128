/** Pictures of the report's page, of synthetic runs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from '@playwright/test';
import { loadRenderPage } from '../../test/support/report-page.ts';
import { syntheticReport, type Wanted } from '../../test/support/synthetic-report.ts';
import { COLOR_SCHEMES, type ColorScheme, pictureFile } from './picture-file.ts';

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

export async function takePagePictures(browser: Browser, folder: string): Promise<void> {
  const temporary = mkdtempSync(path.join(tmpdir(), 'portslice-screenshots-'));
  try {
    const renderPage = await loadRenderPage();
    for (const [name, picture] of Object.entries(PICTURES)) {
      const file = path.join(temporary, `${name}.html`);
      writeFileSync(file, renderPage(syntheticReport(picture.wanted)));
      for (const colorScheme of COLOR_SCHEMES)
        await take(browser, picture, file, { colorScheme, target: pictureFile(folder, name, colorScheme) });
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function take(
  browser: Browser,
  { hash, prepare }: Picture,
  file: string,
  options: { readonly colorScheme: ColorScheme; readonly target: string },
): Promise<void> {
  const page = await browser.newPage({
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
