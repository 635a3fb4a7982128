/** `npx vitest run --root examples/vitest` */
import portslice from 'portslice/vitest/plugin';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [portslice()],
  test: {
    maxWorkers: 4,
    testTimeout: 60_000,
    // Runs after portslice's own global setup, which the plugin puts in front of it.
    globalSetup: './global-setup.ts',
  },
});
