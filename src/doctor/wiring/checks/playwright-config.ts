/** Whether the configuration of Playwright makes the pool of the run: by `withPorts`, or by the path of the global setup. */
import type { WiringCheck } from '../finding.ts';
import { lookAtConfiguration } from '../runner-config.ts';

export const playwrightConfig: WiringCheck = {
  name: 'playwright-config',
  look: (project) =>
    lookAtConfiguration(project, {
      title: 'Playwright',
      packages: ['@playwright/test', 'playwright'],
      names: ['playwright.config', 'playwright-ct.config'],
      globalSetup: 'portslice/playwright/global-setup',
      wiring: { module: 'portslice/playwright', exportName: 'withPorts', call: 'withPorts()' },
      howTo:
        "wrap it: export default withPorts(defineConfig({ ... })), with withPorts from 'portslice/playwright'.",
    }),
};
