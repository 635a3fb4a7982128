/** The Vite plugin that adds the global setup and the setup file to a Vitest configuration. */
import type { Plugin } from 'vitest/config';
import { rememberRunOptions, type RunPoolOptions } from '../run-options.ts';

/** `plugins: [portslice()]` in vitest.config. */
export default function portslice(options: RunPoolOptions = {}): Plugin {
  return {
    name: 'portslice',
    // Not `configureVitest`: Vitest 3 and 4 do not call that one for projects that do not extend the root's configuration,
    // but the root's global setup serves every project.
    config(config) {
      rememberRunOptions(options);
      const test = (config.test ??= {});
      // Ours first: the user's own can use ports then, and are torn down before the pool is.
      test.globalSetup = first('portslice/vitest/global-setup', test.globalSetup);
      test.setupFiles = first('portslice/vitest/setup', test.setupFiles);
    },
  };
}

function first(specifier: string, others: string | string[] = []): string[] {
  const ours = process.getBuiltinModule('node:url').fileURLToPath(import.meta.resolve(specifier));
  return [ours, ...[others].flat().filter((path) => path !== ours)];
}
