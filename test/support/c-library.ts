/** Shared libraries of ours, built with the C compiler, once for each state of their sources. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemNeeds } from '../../scripts/system-needs.ts';

/**
 * @param sources all files that it is made of, those that are included too
 * @returns its path; undefined: there is no compiler, which in CI is an error
 */
export function buildLibrary(
  name: string,
  sources: readonly string[],
  flags: readonly string[] = [],
): string | undefined {
  const { cc } = systemNeeds();
  if (cc === undefined) {
    if (process.env['CI'] !== undefined) throw new Error('In CI nothing may be missing, but cc is.');
    return undefined;
  }
  const hash = createHash('sha256');
  for (const source of sources) hash.update(readFileSync(source));
  const library = path.join(tmpdir(), `portslice-${name}-${hash.digest('hex').slice(0, 16)}.so`);
  if (existsSync(library)) return library;
  // Several may compile at the same time: the file is there whole or not at all.
  const unfinished = `${library}.${process.pid}`;
  const files = sources.filter((file) => file.endsWith('.c'));
  const all = ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC'];
  execFileSync(cc, [...all, '-o', unfinished, ...files, ...flags], { stdio: 'inherit' });
  chmodSync(unfinished, 0o755);
  renameSync(unfinished, library);
  return library;
}
