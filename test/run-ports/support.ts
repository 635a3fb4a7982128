/** Processes that ask for run ports, and folders of packages. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { platform } from '../../src/platform/platform.ts';
import { hasLinuxFiles } from '../support/kernel-traits.ts';
import { type Program, startProgram, startThread } from '../support/program.ts';
import type { RunPortCommands } from './run-ports.program.ts';
import type { ServedPortCommands } from './served-port.program.ts';

const PROGRAM = new URL('run-ports.program.ts', import.meta.url);

export type RunPortProgram = Program<RunPortCommands>;

/** @param table of the process that has started it, or a variable that a runner sets */
export function startAsker(env: Readonly<Record<string, string>> = {}): RunPortProgram {
  return startProgram<RunPortCommands>(PROGRAM, { env });
}

export function startAskerThread(env: Readonly<Record<string, string>>): RunPortProgram {
  return startThread<RunPortCommands>(PROGRAM, { env });
}

/** Stands in for `portslice run`. */
export function startServing(): Program<ServedPortCommands> {
  return startProgram<ServedPortCommands>(new URL('served-port.program.ts', import.meta.url));
}

export interface PackageFolders extends Disposable {
  readonly path: string;
  /** A folder with a package.json. */
  add(name: string): string;
}

export function packageFolders(): PackageFolders {
  const base = realpathSync(mkdtempSync(path.join(tmpdir(), 'portslice-run-ports-')));
  return {
    path: base,
    add: (name) => {
      const folder = path.join(base, name);
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, 'package.json'), '{}');
      return folder;
    },
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }),
  };
}

export function isLocked(port: number): boolean {
  if (!hasLinuxFiles) return platform.findLockHolders([port]).has(port);
  return readFileSync('/proc/net/unix', 'utf8').includes(` @portslice/${port}\n`);
}
