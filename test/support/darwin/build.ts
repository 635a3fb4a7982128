/** Builds the Darwin stand-in, and makes the machines that it is on. */
import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { buildLibrary } from '../c-library.ts';

/** Undefined: there is no compiler, which in CI is an error. */
export function buildStandIn(): string | undefined {
  const sources = readdirSync(import.meta.dirname)
    .filter((file) => /\.[ch]$/.test(file))
    .map((file) => path.join(import.meta.dirname, file));
  return buildLibrary('darwin', sources, ['-pthread', '-ldl']);
}

/** A machine on which nothing is bound yet. Users of every kind can be on it. */
export function makeMachine(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  for (const made of [folder, path.join(folder, 'shm'), path.join(folder, 'parents')]) {
    mkdirSync(made);
    chmodSync(made, 0o777);
  }
}
