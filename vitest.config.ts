import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/test-setup.ts'],
    // Real processes, like our users' workers. Contention tests start more of them, hence the time.
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 20_000,
    teardownTimeout: 5_000,
    // Nothing may come out green by retrying, by being left out or by being alone.
    retry: 0,
    allowOnly: false,
  },
});
