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
  const change = (one: Config): Config => addReporter(addGlobalSetup(one), options);
  return config instanceof Promise ? config.then(change) : change(config);
}

function addGlobalSetup<Config extends PlaywrightTestConfig>(config: Config): Config {
  const ours = pathOf('portslice/playwright/global-setup');
  const theirs = [config.globalSetup ?? []].flat();
  return withRunPorts({ ...config, globalSetup: [ours, ...theirs.filter((path) => path !== ours)] });
}

const REPORTER = 'portslice/playwright/reporter';

/** A configuration without reporters gets the one for terminals from Playwright itself, since ours is none. */
function addReporter<Config extends PlaywrightTestConfig>(config: Config, options: RunPoolOptions): Config {
  // What is wrong with the options themselves is told when the run starts.
  const { report = false } = options ?? {};
  if (report === false) return config;
  const { reporter = [] } = config;
  const theirs = typeof reporter === 'string' ? [[reporter] as const] : reporter;
  const ours = pathOf(REPORTER);
  if (theirs.some(([path]) => path === ours || path === REPORTER)) return config;
  return { ...config, reporter: [...theirs, [ours, report === true ? {} : report]] };
}

/** Playwright takes paths and bare specifiers, no URLs. By require, which a bundle of CommonJS can do too. */
function pathOf(specifier: string): string {
  const { createRequire } = process.getBuiltinModule('node:module');
  return createRequire(import.meta.url ?? __filename).resolve(specifier);
}
