/** Builds the Darwin stand-in with the C compiler, once for each state of its sources. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemNeeds } from '../../../scripts/system-needs.ts';

const sources = readdirSync(import.meta.dirname)
  .filter((file) => /\.[ch]$/.test(file))
  .map((file) => path.join(import.meta.dirname, file));

/** Undefined: there is no compiler, which in CI is an error. */
export function buildStandIn(): string | undefined {
  const { cc } = systemNeeds();
  if (cc === undefined) {
    if (process.env['CI'] !== undefined) throw new Error('In CI nothing may be missing, but cc is.');
    return undefined;
  }
  const hash = createHash('sha256');
  for (const source of sources) hash.update(readFileSync(source));
  const library = path.join(tmpdir(), `portslice-darwin-${hash.digest('hex').slice(0, 16)}.so`);
  if (!existsSync(library)) compile(cc, library);
  return library;
}

/** Several may compile at the same time: the file is there whole or not at all. */
function compile(cc: string, library: string): void {
  const unfinished = `${library}.${process.pid}`;
  const files = sources.filter((file) => file.endsWith('.c'));
  const flags = ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-pthread'];
  execFileSync(cc, [...flags, '-o', unfinished, ...files, '-ldl'], { stdio: 'inherit' });
  chmodSync(unfinished, 0o755);
  renameSync(unfinished, library);
}

/** A machine on which nothing is bound yet. Users of every kind can be on it. */
export function makeMachine(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  for (const made of [folder, path.join(folder, 'shm'), path.join(folder, 'parents')]) {
    mkdirSync(made);
    chmodSync(made, 0o777);
  }
}
