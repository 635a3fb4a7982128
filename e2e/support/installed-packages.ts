/** Packages that are not among our own dependencies: other versions of runners and of Node, other JavaScript runtimes. */
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder, installPackages, makeFolder } from '../../scripts/package-cache.ts';
import { installation } from './package.ts';
import { type Project, test } from './project.ts';

const cache = cacheFolder('portslice-e2e');

/**
 * The folder with `node_modules` in which these packages are installed, for later runs, too.
 * Where the registry cannot be reached the test is skipped; in CI that is a failure.
 * @param options of npm, for packages that are made for another platform
 */
export function installed(
  name: string,
  dependencies: Readonly<Record<string, string>>,
  options: readonly string[] = [],
): string {
  const versions = Object.entries(dependencies).map(([dependency, version]) => `${dependency}-${version}`);
  const target = path.join(cache, [name, ...versions].join('-').replaceAll('/', '+'));
  if (existsSync(target)) return target;
  test.setTimeout(300_000);
  try {
    makeFolder(target, (folder) => installPackages(folder, { dependencies, options }));
  } catch (error) {
    if (process.env['CI'] !== undefined) throw error;
    test.skip(true, `npm cannot install ${versions.join(' and ')}`);
  }
  return target;
}

/** Gives the project these packages of the folder, and a portslice that finds them. @returns the project's `node_modules` */
export function usePackages(project: Project, folder: string, names: readonly string[]): string {
  const packages = path.join(project.dir, 'node_modules');
  mkdirSync(packages);
  for (const name of names) symlinkSync(path.join(folder, 'node_modules', name), path.join(packages, name));
  cpSync(path.join(installation().dir, 'node_modules/portslice'), path.join(packages, 'portslice'), {
    recursive: true,
  });
  return packages;
}
