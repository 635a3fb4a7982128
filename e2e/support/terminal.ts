/** Terminals of people who work in a project. */
import path from 'node:path';
import { startTerminal, type Terminal } from '../../test/support/terminal.ts';
import { neededProgram } from './needed-program.ts';
import { installation } from './package.ts';
import type { Project, RunOptions } from './project.ts';

interface Options {
  readonly columns: number;
  /** As that of `Project.start`, but of the environment here there is nothing else than PATH. */
  readonly env?: RunOptions['env'];
}

/** Runs a command of a package, such as `portslice`, in the project's folder. */
export function openTerminal(
  { dir, ports }: Project,
  command: readonly string[],
  { columns, env }: Options,
): Terminal {
  const PATH = [path.join(installation().dir, 'node_modules/.bin'), process.env['PATH']].join(':');
  return startTerminal(neededProgram('tmux'), command, {
    columns,
    cwd: dir,
    env: { PATH, PORTSLICE_PORTS: ports.spec, ...env },
  });
}
