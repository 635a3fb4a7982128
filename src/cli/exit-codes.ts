/** With which codes the command ends. The help and docs/command.md list them, and each is produced by a test. */

/** `portslice url`: nobody serves the name, or not yet. */
export const NOBODY_SERVES = 1;
/** `portslice doctor`: this machine does not keep a promise, or this project is wired so that it cannot work. */
export const FOUND_FAILURE = 1;
/** `portslice who`: at least one of the ports. */
export const TAKEN = 1;
/** portslice itself has failed: wrong arguments, a port that cannot be had. As env, nohup and docker have it. */
export const OWN_FAILURE = 125;
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

interface ExitCode {
  readonly code: number;
  readonly meaning: string;
}

/** Of each command, in the order of the help. */
export const EXIT_CODES: Readonly<Record<string, readonly ExitCode[]>> = {
  run: [
    {
      code: OWN_FAILURE,
      meaning:
        'portslice itself has failed: wrong arguments, a port that cannot be had, a name that is already served',
    },
    { code: NOT_EXECUTABLE, meaning: 'the command cannot be executed' },
    { code: NOT_FOUND, meaning: 'there is no such command' },
  ],
  url: [
    { code: 0, meaning: 'the address is printed' },
    {
      code: NOBODY_SERVES,
      meaning: 'nobody serves the name for this folder, or its server is not ready yet',
    },
    { code: OWN_FAILURE, meaning: 'portslice itself has failed: wrong arguments' },
  ],
  who: [
    { code: 0, meaning: 'all of the ports are free, for TCP' },
    { code: TAKEN, meaning: 'at least one of them is taken' },
    {
      code: OWN_FAILURE,
      meaning: 'portslice itself has failed: wrong arguments, a wrong PORTSLICE_PORTS, no port is left',
    },
  ],
  ports: [
    { code: 0, meaning: 'the ports are shown' },
    {
      code: OWN_FAILURE,
      meaning: 'portslice itself has failed: wrong arguments, a wrong PORTSLICE_PORTS, no port is left',
    },
  ],
  status: [
    { code: 0, meaning: 'the status is shown, or --watch is ended by q or by its reader' },
    {
      code: OWN_FAILURE,
      meaning: 'portslice itself has failed: wrong arguments, a system that it does not support',
    },
    { code: 130, meaning: '--watch is ended by Ctrl-C; by another signal, 128 and its number' },
  ],
  doctor: [
    { code: 0, meaning: 'nothing fails, though something may be weaker, or a warning' },
    {
      code: FOUND_FAILURE,
      meaning:
        'a promise is broken on this machine, or this project is wired so that its tests cannot have ports',
    },
    { code: OWN_FAILURE, meaning: 'portslice itself has failed: wrong arguments' },
  ],
};

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
