/** A project with the package as its users have it: packed by `npm pack` and installed. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import installPackage, { installation, repository } from '../e2e/support/package.ts';
import type * as Portslice from '../src/index.ts';

export interface Project extends Disposable {
  readonly dir: string;
  /** The URL of the installed package. */
  readonly entry: string;
  readonly portslice: typeof Portslice;
  /** Writes a file of the project. @returns its path */
  readonly write: (name: string, content: string) => string;
}

export async function openProject(): Promise<Project> {
  if (!existsSync(path.join(repository, 'dist/index.js')))
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: repository, stdio: 'inherit' });
  const remove = installPackage();
  const { dir } = installation();
  const entry = pathToFileURL(path.join(dir, 'node_modules/portslice/dist/index.js')).href;
  const write = (name: string, content: string): string => {
    const file = path.join(dir, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  };
  write('package.json', '{ "type": "module" }');
  const portslice = (await import(entry)) as typeof Portslice;
  return { dir, entry, portslice, write, [Symbol.dispose]: remove };
}
