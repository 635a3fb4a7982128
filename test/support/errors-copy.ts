/** The errors of a second copy of the package, as a bundle with portslice in it or one of Vitest's vm contexts has. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as errors from '../../src/errors/index.ts';
import { projectFolder } from './run-script.ts';

export async function loadErrorsCopy(): Promise<typeof errors> {
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-errors-'));
  try {
    writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
    cpSync(path.join(projectFolder, 'src/errors'), path.join(folder, 'errors'), { recursive: true });
    return (await import(pathToFileURL(path.join(folder, 'errors/index.ts')).href)) as typeof errors;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
