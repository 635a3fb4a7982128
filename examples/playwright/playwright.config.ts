/** `npx playwright test --config examples/playwright` */
import { defineConfig } from '@playwright/test';
import { withPorts } from 'portslice/playwright';
import { systemNeeds } from '../../scripts/system-needs.ts';

const { chromium } = systemNeeds();

export default withPorts(
  defineConfig({
    testDir: '.',
    fullyParallel: true,
    workers: 4,
    timeout: 60_000,
    expect: { timeout: 15_000 },
    // Runs after portslice's own global setup, which `withPorts` puts in front of it.
    globalSetup: './global-setup.ts',
    use: {
      launchOptions: {
        ...(chromium === undefined ? {} : { executablePath: chromium }),
        // Chromium refuses its sandbox to root, as whom containers usually run.
        args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
      },
    },
  }),
);
