/**
 * `test` with a folder outside of every installation: what a package manager or a bundler forgets is missing there. In a
 * project of `createProject` Node would find it in the installation above.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test as base } from './project.ts';

export interface OutsideFixtures {
  folder: string;
}

export const test = base.extend<OutsideFixtures>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of the wanted fixtures from it
  folder: async ({}, use) => {
    const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'portslice-outside-')));
    await use(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  },
});
