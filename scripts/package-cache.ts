/**
 * Packages of the registry that the project does not depend on: other versions of runners and of Node, other platforms. Each set lies in a
 * folder of its own in node_modules/.cache, for later runs, too.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface PackageSet {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, string>>;
  /** Of npm, for packages of another platform: `--cpu=arm64`. */
  readonly options?: readonly string[];
}

export function cacheFolder(name: string): string {
  return path.join(import.meta.dirname, '../node_modules/.cache', name);
}

/** Made elsewhere and then moved: half of it must not be taken for the whole. */
export function makeFolder(target: string, fill: (folder: string) => void): void {
  if (existsSync(target)) return;
  mkdirSync(path.dirname(target), { recursive: true });
  const folder = mkdtempSync(path.join(path.dirname(target), 'making-'));
  try {
    fill(folder);
    renameSync(folder, target);
  } catch (error) {
    // Somebody else may have made the same in the meantime.
    if (!existsSync(target)) throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @throws if the registry cannot be reached */
export function installPackages(folder: string, { dependencies, overrides, options = [] }: PackageSet): void {
  writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ private: true, dependencies, overrides }),
  );
  const args = ['install', ...options, '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
  execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
}
