/** What scripts without a runner need, on every Node that we support. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { transformSync } from 'rolldown/utils';
import { test } from './project.ts';

/** inside.ts for a Node that cannot strip types. */
export const INSIDE_JS: string = transformSync(
  'inside.ts',
  readFileSync(path.join(import.meta.dirname, 'inside.program.ts'), 'utf8'),
).code;

/**
 * The Node of the system, which is not the one that npm has installed for us. Without it the test is skipped; in CI that
 * is a failure.
 */
export function systemNode(): string {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const found = folders
    .filter((folder) => !folder.includes('node_modules'))
    .map((folder) => path.join(folder, 'node'))
    .find((file) => existsSync(file) && isSupported(file));
  if (found !== undefined) return found;
  if (process.env['CI'] !== undefined) throw new Error('The system has no Node from 20.19 on');
  test.skip(true, 'the system has no Node from 20.19 on');
  return '';
}

function isSupported(file: string): boolean {
  const [major = 0, minor = 0] = execFileSync(file, ['-p', 'process.versions.node'], { encoding: 'utf8' })
    .split('.')
    .map(Number);
  return major > 20 || (major === 20 && minor >= 19);
}
