/** A project whose portslice was installed without its addon: of the optional packages none is there. */
import { cpSync } from 'node:fs';
import path from 'node:path';
import { installation } from './package.ts';
import type { Project } from './project.ts';

/** Nearer than the real ones, and so found first. */
const PACKAGES = ['koffi', `@koromix/koffi-${process.platform}-${process.arch}`];
/** As if there were none: an empty package would make Node look further up. */
const NOT_FOUND = `throw Object.assign(new Error('Cannot find module ' + __dirname), { code: 'MODULE_NOT_FOUND' });`;

export function removeAddon(project: Project): void {
  const packages = path.join(project.dir, 'node_modules');
  cpSync(path.join(installation().dir, 'node_modules/portslice'), path.join(packages, 'portslice'), {
    recursive: true,
  });
  for (const name of PACKAGES) {
    project.write({
      [`node_modules/${name}/package.json`]: '{}',
      [`node_modules/${name}/index.js`]: NOT_FOUND,
    });
  }
}
