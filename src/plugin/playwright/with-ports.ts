/** Adds the global setup to a Playwright configuration. */
import type { PlaywrightTestConfig } from '@playwright/test';
import { rememberRunOptions, type RunPoolOptions } from '../run-options.ts';
import { withRunPorts } from './run-port-servers.ts';

/**
 * `export default withPorts(defineConfig({...}))`. The user's own global setups run after ours, so they can use ports.
 * Cheap: Playwright evaluates the configuration in every worker.
 */
export function withPorts<Config extends PlaywrightTestConfig>(
  config: Config,
  options?: RunPoolOptions,
): Config;
export function withPorts<Config extends PlaywrightTestConfig>(
  config: Promise<Config>,
  options?: RunPoolOptions,
): Promise<Config>;
export function withPorts<Config extends PlaywrightTestConfig>(
  config: Config | Promise<Config>,
  options: RunPoolOptions = {},
): Config | Promise<Config> {
  rememberRunOptions('a call of withPorts()', options);
  return config instanceof Promise ? config.then(addGlobalSetup) : addGlobalSetup(config);
}

function addGlobalSetup<Config extends PlaywrightTestConfig>(config: Config): Config {
  // Playwright takes paths and bare specifiers, no URLs.
  const ours = process
    .getBuiltinModule('node:url')
    .fileURLToPath(import.meta.resolve('portslice/playwright/global-setup'));
  const theirs = [config.globalSetup ?? []].flat();
  return withRunPorts({ ...config, globalSetup: [ours, ...theirs.filter((path) => path !== ours)] });
}
