/** How a command is started: a line for the shell is passed on as it is written, and a server has no window. */
import type { SpawnOptions } from 'node:child_process';
import { readVariable } from '../environment.ts';

/** As Node's own shell option has them: no AutoRun commands; and of the line, only the quotes around it are taken away. */
const SHELL_ARGUMENTS: readonly string[] = ['/d', '/s', '/c'];

export function shellCommand(text: string): readonly string[] {
  return [readVariable('ComSpec') ?? 'cmd.exe', ...SHELL_ARGUMENTS, `"${text}"`];
}

/**
 * In the background it has a console of its own, which nobody sees and its children share: the terminal's Ctrl-C does not reach it.
 * Had it none (`detached`), Windows would open a window for each program that it starts.
 */
export function spawnOptions(command: readonly string[], place: 'foreground' | 'background'): SpawnOptions {
  return { windowsHide: place === 'background', windowsVerbatimArguments: isLine(command) };
}

function isLine([, ...args]: readonly string[]): boolean {
  const line = args[SHELL_ARGUMENTS.length];
  return (
    args.length === SHELL_ARGUMENTS.length + 1 &&
    SHELL_ARGUMENTS.every((one, at) => args[at] === one) &&
    line?.startsWith('"') === true &&
    line.endsWith('"')
  );
}
