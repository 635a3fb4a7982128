/** The configuration of a user of Playwright. */
import { defineConfig } from '@playwright/test';
import { withPorts } from 'portslice/playwright';

export default withPorts(
  defineConfig({
    testMatch: 'playwright-ports.user.ts',
    fullyParallel: true,
    workers: 2,
    reporter: [['json', { outputFile: 'playwright.json' }]],
    timeout: 900_000,
  }),
);
