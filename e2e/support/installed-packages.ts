/** Packages that are not among our own dependencies: other versions of runners and of Node, other JavaScript runtimes. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { installation, repository } from './package.ts';
import { type Project, test } from './project.ts';

const CACHE = path.join(repository, 'node_modules/.cache/portslice-e2e');
const INSTALL = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];

/**
 * The folder with `node_modules` in which these packages are installed, for later runs, too.
 * Where the registry cannot be reached the test is skipped; in CI that is a failure.
 */
export function installed(name: string, packages: Readonly<Record<string, string>>): string {
  const versions = Object.entries(packages).map(([dependency, version]) => `${dependency}-${version}`);
  const target = path.join(CACHE, [name, ...versions].join('-').replaceAll('/', '+'));
  if (existsSync(target)) return target;
  mkdirSync(CACHE, { recursive: true });
  const dir = mkdtempSync(path.join(CACHE, 'installing-'));
  writeFileSync(path.join(dir, 'package.json'), JSON.stringify({ private: true, dependencies: packages }));
  try {
    execFileSync('npm', INSTALL, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    rmSync(dir, { recursive: true });
    if (process.env['CI'] !== undefined) throw error;
    test.skip(true, `npm cannot install ${versions.join(' and ')}`);
  }
  try {
    renameSync(dir, target);
  } catch (error) {
    // Another test has installed the same in the meantime.
    if (!existsSync(target)) throw error;
    rmSync(dir, { recursive: true });
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
