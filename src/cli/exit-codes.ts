/** With which codes the command ends, besides those of the command that it runs. As env, nohup and docker have them. */
/** `portslice url`: nobody serves the name, or not yet. */
export const NOBODY_SERVES = 1;
/** `portslice doctor`: this machine does not keep a promise. */
export const PROMISE_BROKEN = 1;
/** portslice itself has failed: wrong arguments, a port that cannot be had. */
export const OWN_FAILURE = 125;
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/** Whether it may be a shell's word for a command that it could not start. */
export function isCodeOfShell(exitCode: number): boolean {
  return exitCode === NOT_EXECUTABLE || exitCode === NOT_FOUND;
}

/** For a command that could not be started. */
export function codeOfSpawnError(code: string | undefined): number {
  return code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE;
}

/** As shells have it: 128 and the number of the signal. */
export function codeOfEnd(exitCode: number | null, signal: NodeJS.Signals | null): number {
  const { signals } = process.getBuiltinModule('node:os').constants;
  return exitCode ?? 128 + (signal === null ? 0 : signals[signal]);
}
