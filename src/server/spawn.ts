/** Starts programs with tinyexec, which on Windows finds npm.cmd and its like, and quotes for them. */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { normalizeSpawnCommand, x as execute } from 'tinyexec';
import { serverPlatform } from '../platform/server-platform.ts';

/**
 * The environment in the options is added to that of this process.
 * @param place in the foreground the terminal's Ctrl-C reaches it
 */
export function spawn(
  command: readonly string[],
  place: 'foreground' | 'background',
  options: SpawnOptions,
): ChildProcess {
  const [file = '', ...args] = command;
  const nodeOptions = { ...serverPlatform.spawnOptions(command, place), ...options };
  // The environment has the folders of packages already.
  return execute(file, args, { nodePath: false, nodeOptions }).process as ChildProcess;
}

/** Waits for its end, which makes no difference. */
export function spawnSync(command: readonly string[], options: SpawnOptions): void {
  const [file = '', ...args] = command;
  const normalized = normalizeSpawnCommand(file, args, { ...options, windowsHide: true });
  process
    .getBuiltinModule('node:child_process')
    .spawnSync(normalized.command, normalized.args, normalized.options);
}
