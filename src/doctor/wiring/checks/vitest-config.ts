/** Whether the configuration of Vitest makes the pool of the run: by the plugin, or by the path of the global setup. */
import type { WiringCheck } from '../finding.ts';
import { lookAtConfiguration } from '../runner-config.ts';

export const vitestConfig: WiringCheck = {
  name: 'vitest-config',
  look: (project) =>
    lookAtConfiguration(project, {
      title: 'Vitest',
      packages: ['vitest'],
      names: ['vitest.config', 'vite.config'],
      globalSetup: 'portslice/vitest/global-setup',
      wiring: { module: 'portslice/vitest/plugin', exportName: 'default', call: 'the plugin' },
      howTo: "add it: plugins: [portslice()], with portslice from 'portslice/vitest/plugin'.",
    }),
};
