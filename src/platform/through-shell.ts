/** Starts a command through a shell that becomes the program, and prepares something before. */
import { fileSystem } from './file-system.ts';
import type { CommandPlace } from './process-tree.ts';

const SHELL_NAME = /^[A-Za-z_]\w*$/;

/**
 * The command itself where a shell would do harm: it drops variables that are none to it, and of a program that does not exist
 * Node itself tells more.
 * @param script what the shell does before; nothing: no shell is needed
 * @param name what the script knows as $0
 */
export function startThroughShell(
  command: readonly string[],
  { environment, cwd = '.', idVariable }: CommandPlace,
  script = '',
  name = 'sh',
): readonly string[] {
  const setId = idVariable === undefined ? '' : `export ${idVariable}=$$; `;
  if (script === '' && setId === '') return command;
  const [program = ''] = command;
  const isSafe = Object.keys(environment).every((variable) => SHELL_NAME.test(variable));
  const path = environment['PATH'];
  if (!isSafe || path === undefined || !isProgram(program, path, cwd) || !isProgram('sh', path, cwd))
    return command;
  return ['sh', '-c', `${script}${setId}exec "$@"`, name, ...command];
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
