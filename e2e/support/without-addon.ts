/**
 * `test` whose projects lie in an installation without the addon, as after `npm install --omit=optional`. It is a folder of
 * its own: portslice looks for the addon in all folders above itself.
 */
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { test as base } from './outside.ts';
import { installation } from './package.ts';

const ADDON_SCOPE = '@koromix';

export const test = base.extend({
  projectsFolder: async ({ folder }, use) => {
    const complete = path.join(installation().dir, 'node_modules');
    const packages = path.join(folder, 'node_modules');
    mkdirSync(packages);
    for (const name of readdirSync(complete)) {
      const [from, to] = [path.join(complete, name), path.join(packages, name)];
      // A link would lead to the installation that has it.
      if (name === 'portslice') cpSync(from, to, { recursive: true });
      else if (name !== ADDON_SCOPE) symlinkSync(from, to);
    }
    await use(folder);
  },
});
