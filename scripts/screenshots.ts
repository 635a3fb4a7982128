/**
 * The pictures in docs/images, of the report's page and of the command: `npm run screenshots`, after `npm run build`. Those of
 * the command need Linux, with tmux and namespaces of users.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { chromium } from '@playwright/test';
import { launchOptions } from '../e2e/support/chromium.ts';
import { takePagePictures } from './screenshots/page.ts';
import { takeTerminalPictures } from './screenshots/terminal.ts';

const folder = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '../docs/images'));
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch(launchOptions);
try {
  await takePagePictures(browser, folder);
  await takeTerminalPictures(browser, folder);
} finally {
  await browser.close();
}
