/**
 * Starts a command through a shell that becomes the program. It sets the tree's mark among the limits: set from here, a moment after
 * the start, the mark comes too late for whatever a short script has started by then. And it knows its own process id.
 */
import { fileSystem } from '../file-system.ts';
import type { CommandPlace } from '../process-tree.ts';
import type { TreeMark } from './tree-mark.ts';

/** dash and busybox name the limit -w, bash -x. */
const SET_MARK = '{ ulimit -S -w "$0" || ulimit -S -x "$0"; } 2>/dev/null; ';
const SHELL_NAME = /^[A-Za-z_]\w*$/;

/**
 * The command itself where a shell would do harm: it drops variables that are none to it, and of a program that does not exist
 * Node itself tells more.
 */
export function throughShell(
  command: readonly string[],
  { environment, cwd = '.', idVariable }: CommandPlace,
  mark: TreeMark | undefined,
): readonly string[] {
  if (mark === undefined && idVariable === undefined) return command;
  const [program = ''] = command;
  const isSafe = Object.keys(environment).every((name) => SHELL_NAME.test(name));
  const path = environment['PATH'];
  if (!isSafe || path === undefined || !isProgram(program, path, cwd) || !isProgram('sh', path, cwd))
    return command;
  const setId = idVariable === undefined ? '' : `export ${idVariable}=$$; `;
  const script = `${mark === undefined ? '' : SET_MARK}${setId}exec "$@"`;
  return ['sh', '-c', script, mark ?? 'sh', ...command];
}

function isProgram(name: string, path: string, cwd: string): boolean {
  const { resolve } = process.getBuiltinModule('node:path');
  if (name.includes('/')) return isExecutable(resolve(cwd, name));
  return path.split(':').some((folder) => isExecutable(resolve(cwd, folder, name)));
}

function isExecutable(file: string): boolean {
  const { accessSync, constants, statSync } = fileSystem();
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
