/** The built package, installed in a folder as npm would, beside what its users have. */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';

/** What a user has beside portslice. Links, since nothing there depends on where it lies. */
const NEIGHBOURS = [
  '@koromix',
  '@playwright',
  '@types',
  '@vitest',
  'cli-table3',
  'commander',
  'get-port',
  'string-width',
  'tinyexec',
  'tinypool',
  'typescript',
  'vitest',
];

/** A copy of what `root` has built, and its programs. */
export function installBuiltPackage(folder: string, root: string): void {
  if (!existsSync(path.join(root, 'dist', 'index.js'))) throw new Error('Run npm run build first.');
  const packages = path.join(folder, 'node_modules');
  const installed = path.join(packages, 'portslice');
  mkdirSync(installed, { recursive: true });
  for (const part of ['package.json', 'dist', 'schemas'])
    cpSync(path.join(root, part), path.join(installed, part), { recursive: true });
  const ours = path.join(root, 'node_modules');
  for (const name of NEIGHBOURS) symlinkSync(path.join(ours, name), path.join(packages, name));
  const programs = path.join(packages, '.bin');
  mkdirSync(programs);
  for (const name of readdirSync(path.join(ours, '.bin')))
    symlinkSync(path.join(ours, '.bin', name), path.join(programs, name));
  symlinkSync('../portslice/dist/cli.js', path.join(programs, 'portslice'));
  chmodSync(path.join(installed, 'dist/cli.js'), 0o755);
}
