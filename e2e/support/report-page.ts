/** The page of a report in a browser, as from a folder on disk. Whatever it asks for, complains about or breaks on fails the test. */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { test as base, expect, type Locator, type Page } from '@playwright/test';
import type { PortsReport } from '../../src/report/format.ts';
import { loadRenderPage } from '../../test/support/report-page.ts';
import { neededProgram } from './needed-program.ts';

interface OpenedReport {
  readonly page: Page;
  /** Of the timeline. */
  readonly lanes: Locator;
  /** Those that are elements, without the heading. */
  readonly rows: Locator;
  readonly search: Locator;
  /** How many tests the table says it has. */
  readonly results: Locator;
}

interface Fixtures {
  /** @param hash such as `#test=1` */
  readonly openReport: (report: PortsReport, hash?: string) => Promise<OpenedReport>;
}

/** Preact listens and moves after it has drawn: with the next frame, in a task of its own. */
const AFTER_EFFECTS =
  'new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => setTimeout(resolve))))';

export const test = base.extend<Fixtures>({
  openReport: async ({ page, javaScriptEnabled }, use, testInfo) => {
    neededProgram('chromium');
    const troubles: string[] = [];
    page.on('console', (message) => troubles.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => troubles.push(String(error)));
    page.on('dialog', (dialog) => {
      troubles.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    const file = testInfo.outputPath('index.html');
    const { href } = pathToFileURL(file);
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(href) && url !== 'data:,') troubles.push(`request: ${url}`);
    });
    const renderPage = await loadRenderPage();
    await use(async (report, hash = '') => {
      writeFileSync(file, renderPage(report));
      await page.goto(href + hash);
      await page.getByRole('heading', { name: 'Ports report' }).waitFor();
      if (javaScriptEnabled) await page.evaluate(AFTER_EFFECTS);
      return {
        page,
        lanes: page.getByRole('application', { name: 'Timeline of ports' }),
        rows: page.locator('#tests-table tbody tr[aria-rowindex]'),
        search: page.getByRole('searchbox'),
        results: page.locator('.results'),
      };
    });
    expect(troubles).toEqual([]);
  },
});

export { expect };
