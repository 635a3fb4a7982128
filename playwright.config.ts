import { defineConfig } from '@playwright/test';
import { systemNeeds } from './scripts/system-needs.ts';

const { chromium } = systemNeeds();
// Chromium refuses its sandbox to root, as whom containers usually run.
const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];

/** Drives the end-to-end tests, each of which starts a test runner of its own on the packed package. */
export default defineConfig({
  testDir: 'e2e',
  testMatch: '**/*.spec.ts',
  globalSetup: './e2e/support/package.ts',
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  timeout: 120_000,
  use: { launchOptions: { args, ...(chromium === undefined ? {} : { executablePath: chromium }) } },
});
