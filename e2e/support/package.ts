/**
 * Global setup: packs the package as it would be published and installs it once, in a temporary folder whose
 * subfolders are the projects of the tests. Node finds `node_modules` by walking up, so no project installs anything.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const repository = path.resolve(import.meta.dirname, '../..');
const INSTALLATION_VARIABLE = 'E2E_INSTALLATION';

export interface Installation {
  /** Has `node_modules`, with portslice from the tarball and links to everything that we have installed ourselves. */
  readonly dir: string;
  readonly tarball: string;
}

export function installation(): Installation {
  const text = process.env[INSTALLATION_VARIABLE];
  if (text === undefined)
    throw new Error(`${INSTALLATION_VARIABLE} is not set: playwright.config.ts names this setup`);
  return JSON.parse(text) as Installation;
}

export default function installPackage(): () => void {
  buildIfStale();
  const dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'portslice-e2e-')));
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', dir], {
      cwd: repository,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as [{ filename: string }];
  const tarball = path.join(dir, packed.filename);
  install(dir, tarball);
  process.env[INSTALLATION_VARIABLE] = JSON.stringify({ dir, tarball } satisfies Installation);
  return () => rmSync(dir, { recursive: true, force: true });
}

function buildIfStale(): void {
  const newestSource = Math.max(...modificationTimes('src'));
  const oldestBuilt = Math.min(...modificationTimes('dist'));
  if (newestSource < oldestBuilt) return;
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: repository, stdio: 'inherit' });
}

function modificationTimes(folder: string): number[] {
  const root = path.join(repository, folder);
  try {
    const entries = readdirSync(root, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(path.join(entry.parentPath, entry.name)).mtimeMs);
  } catch {
    return [0];
  }
}

function install(dir: string, tarball: string): void {
  const packages = path.join(dir, 'node_modules');
  const target = path.join(packages, 'portslice');
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
  mkdirSync(path.join(packages, '.bin'));
  symlinkSync('../portslice/dist/cli.js', path.join(packages, '.bin/portslice'));
  chmodSync(path.join(target, 'dist/cli.js'), 0o755);
  const ours = path.join(repository, 'node_modules');
  for (const name of readdirSync(ours)) {
    if (!name.startsWith('.') && name !== 'portslice')
      symlinkSync(path.join(ours, name), path.join(packages, name));
  }
}
