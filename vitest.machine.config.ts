/** `npm run test:machine`: what the kernel of any system must do, tested on the system that this is. `npm test` is for Linux alone. */
import portslice from 'portslice/vitest/plugin';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const EVERYWHERE = [
  'test/core/*.test.ts',
  'test/pool/{slices,statistics,crash-recovery}.test.ts',
  'test/contention/storm.test.ts',
];
/** By the name of the system. */
const OF_THIS_SYSTEM: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ['test/platform/linux/{lock,memory,probes}.test.ts'],
  darwin: ['test/platform/darwin/{lock,memory,probes,servers,orphans,thread-number}.test.ts'],
  // The storm is the one from above.
  win32: ['test/wine/inside/!(storm).inside.ts'],
};

function project(
  name: string,
  include: readonly string[],
  pool: 'forks' | 'threads' = 'forks',
): TestProjectInlineConfiguration {
  return { extends: true, test: { name, include: [...include], pool } };
}

export default defineConfig({
  // It gives the kernel's own tests a pool to which nothing happens.
  plugins: [portslice()],
  test: {
    setupFiles: ['test/support/test-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    retry: 0,
    allowOnly: false,
    projects: [
      project('kernel', [...EVERYWHERE, ...(OF_THIS_SYSTEM[process.platform] ?? [])]),
      project('fixtures in forks', ['test/wine/inside/fixtures.user.ts']),
      project('fixtures in threads', ['test/wine/inside/fixtures.user.ts'], 'threads'),
    ],
  },
});
