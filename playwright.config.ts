import { defineConfig } from '@playwright/test';
import { launchOptions } from './e2e/support/chromium.ts';

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
  // A bound for what hangs, too: what is polled often starts a program, which takes seconds on a busy machine.
  expect: { timeout: 60_000 },
  use: { launchOptions },
});
