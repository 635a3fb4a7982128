/**
 * A test build of portslice whose lock locks nothing: every other part is as it is in src. It lies inside the project,
 * in a folder that git ignores, so that koffi is found from there.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectFolder } from '../support/run-script.ts';

const LOCK_FILE = 'platform/linux/lock.ts';
const LOCKS_THE_PORT = 'return takeName(libc, lockName(port));';
/** A name that no process will ask for again. */
const LOCKS_NOTHING = 'return takeName(libc, `${lockName(port)}/${process.pid}/${process.hrtime.bigint()}`);';

export interface TestBuild extends Disposable {
  /** The URL of its entry. */
  readonly source: string;
}

export function buildWithoutLock(): TestBuild {
  const temporary = path.join(projectFolder, '.tmp');
  mkdirSync(temporary, { recursive: true });
  const folder = mkdtempSync(path.join(temporary, 'lock-off-'));
  cpSync(path.join(projectFolder, 'src'), folder, { recursive: true });
  replaceOnce(path.join(folder, LOCK_FILE), LOCKS_THE_PORT, LOCKS_NOTHING);
  return {
    source: pathToFileURL(path.join(folder, 'index.ts')).href,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function replaceOnce(file: string, before: string, after: string): void {
  const parts = readFileSync(file, 'utf8').split(before);
  if (parts.length !== 2) throw new Error(`${LOCK_FILE} has changed: it has not exactly one '${before}'.`);
  writeFileSync(file, parts.join(after));
}
