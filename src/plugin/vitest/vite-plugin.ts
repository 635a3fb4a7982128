/** The Vite plugin that adds the global setup to a Vitest configuration. */
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
      addGlobalSetup((config.test ??= {}));
    },
  };
}

function addGlobalSetup(test: { globalSetup?: string | string[] }): void {
  const ours = process
    .getBuiltinModule('node:url')
    .fileURLToPath(import.meta.resolve('portslice/vitest/global-setup'));
  const theirs = [test.globalSetup ?? []].flat();
  // Ours first: the user's own setups can use ports then, and are torn down before the pool is.
  test.globalSetup = [ours, ...theirs.filter((path) => path !== ours)];
}
