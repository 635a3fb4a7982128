/** The Vite plugin that adds the global setup and the setup file to a Vitest configuration. */
import type { Plugin, ViteUserConfig } from 'vitest/config';
import { rememberRunOptions, type RunPoolOptions } from '../run-options.ts';
import { portsliceCommand } from './browser/command.ts';
import { COMMAND } from './browser/messages.ts';

/** `plugins: [portslice()]` in vitest.config. */
export default function portslice(options: RunPoolOptions = {}): Plugin {
  return {
    name: 'portslice',
    // Not `configureVitest`: Vitest 3 and 4 do not call that one for projects that do not extend the root's configuration,
    // but the root's global setup serves every project.
    config(config) {
      const test = (config.test ??= {});
      rememberRunOptions(originOf(test.name, config.root), options);
      // Ours first: the user's own can use ports then, and are torn down before the pool is.
      test.globalSetup = first('portslice/vitest/global-setup', test.globalSetup);
      if (test.browser?.enabled === true) serveBrowser(config, test.browser);
      else test.setupFiles = first('portslice/vitest/setup', test.setupFiles);
      // What is wrong with the options themselves is told when the run starts.
      const { report = false } = options ?? {};
      return report === false ? undefined : addReporter(test, report);
    },
    // Else Vite refuses our files to tests of jsdom and of browsers if we are installed above the project, or linked to it.
    configResolved({ server }) {
      server.fs.allow.push(import.meta.dirname ?? __dirname);
    },
  };
}

type TestOptions = NonNullable<ViteUserConfig['test']>;

const REPORTER = 'portslice/vitest/reporter';

/** Loaded where it is wanted. Vitest takes no reporters but those of the root's configuration. */
async function addReporter(test: TestOptions, report: NonNullable<RunPoolOptions['report']>): Promise<void> {
  const { checkReport } = await import('../../report/report-options.ts');
  const { default: PortsReporter } = await import('./reporter.ts');
  const { reporters: theirs = await usualReporters() } = test;
  const all: unknown[] = [theirs].flat();
  if (all.some((one) => [one].flat()[0] === REPORTER)) return;
  test.reporters = [...all, new PortsReporter(checkReport(report))] as never;
}

/** What Vitest itself takes where the configuration says nothing. */
async function usualReporters(): Promise<unknown> {
  const { configDefaults } = await import('vitest/config');
  const { reporters = [] } = configDefaults as { readonly reporters?: readonly unknown[] };
  if (reporters.length > 0) return reporters;
  // Before Vitest 5, which says so itself.
  const { readVariable } = await import('../../platform/environment.ts');
  return ['default', ...(readVariable('GITHUB_ACTIONS') === 'true' ? ['github-actions'] : [])];
}

type BrowserOptions = NonNullable<NonNullable<ViteUserConfig['test']>['browser']>;

/** Pages get their ports by a command. In them the setup file could not do its work. */
function serveBrowser(config: ViteUserConfig, browser: BrowserOptions): void {
  browser.commands = { [COMMAND]: portsliceCommand, ...browser.commands };
  // Vite would find the package only in the first test file that imports it, and then reload the page under the test.
  const optimizeDeps = (config.optimizeDeps ??= {});
  optimizeDeps.exclude = [...(optimizeDeps.exclude ?? []), 'portslice'];
}

function originOf(name: string | { label: string } | undefined, root: string | undefined): string {
  const label = typeof name === 'object' ? name.label : name;
  if (label !== undefined) return `project '${label}'`;
  return root === undefined ? 'the root configuration' : `the configuration of ${root}`;
}

function first(specifier: string, others: string | string[] = []): string[] {
  const { createRequire } = process.getBuiltinModule('node:module');
  // A bundle of CommonJS has `__filename`, and an empty import.meta.
  const ours = createRequire(import.meta.url ?? __filename).resolve(specifier);
  return [ours, ...[others].flat().filter((path) => path !== ours)];
}
