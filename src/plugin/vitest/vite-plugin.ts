/** The Vite plugin that adds the global setup to every project of a Vitest configuration. */
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vitest/config';
import type { TestProject, Vitest } from 'vitest/node';
import { rememberRunOptions, type RunPoolOptions } from '../run-pool.ts';

/** `plugins: [portslice()]` in vitest.config. */
export default function portslice(options: RunPoolOptions = {}): Plugin {
  return {
    name: 'portslice',
    configureVitest({ vitest, project }) {
      rememberRunOptions(options);
      addGlobalSetup(project);
      // Not called for projects that do not extend a root configuration; the root project's setup serves them too.
      addGlobalSetup(rootProjectOf(vitest) ?? project);
    },
  } as Plugin;
}

function rootProjectOf(vitest: Vitest): TestProject | undefined {
  try {
    return vitest.getRootProject();
  } catch {
    // While the root project itself is being configured there is none yet.
    return undefined;
  }
}

function addGlobalSetup({ config }: TestProject): void {
  const ours = fileURLToPath(import.meta.resolve('portslice/vitest/global-setup'));
  const theirs = [config.globalSetup].flat();
  // Ours first: the user's own setups can use ports then, and are torn down before the pool is.
  if (!theirs.includes(ours)) config.globalSetup = [ours, ...theirs];
}
