/**
 * A test build of portslice: src as it is, except for given replacements. It lies inside the project, in a folder that
 * git ignores, so that koffi is found from there.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectFolder } from './run-script.ts';

export interface Replacement {
  /** Relative to src. */
  readonly file: string;
  /** Must occur exactly once, so that a change of src cannot make a test build the same as src unnoticed. */
  readonly before: string;
  readonly after: string;
}

export interface TestBuild extends Disposable {
  readonly folder: string;
  /** The URL of its entry. */
  readonly source: string;
}

export function buildWith(name: string, replacements: readonly Replacement[]): TestBuild {
  const temporary = path.join(projectFolder, '.tmp');
  mkdirSync(temporary, { recursive: true });
  const folder = mkdtempSync(path.join(temporary, `${name}-`));
  cpSync(path.join(projectFolder, 'src'), folder, { recursive: true });
  for (const replacement of replacements) replaceOnce(folder, replacement);
  return {
    folder,
    source: pathToFileURL(path.join(folder, 'index.ts')).href,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function replaceOnce(folder: string, { file, before, after }: Replacement): void {
  const target = path.join(folder, file);
  const parts = readFileSync(target, 'utf8').split(before);
  if (parts.length !== 2) throw new Error(`${file} has changed: it has not exactly one '${before}'.`);
  writeFileSync(target, parts.join(after));
}
