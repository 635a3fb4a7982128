/** How a server has ended by itself, and what to do about it. */

interface End {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
}

interface ToldEnd extends End {
  /** Of what it has written. */
  readonly lastLines: string;
}

const OF_CRASHES: readonly string[] = [
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGSEGV',
  'SIGSYS',
  'SIGTRAP',
];
/** With these a shell says why it has not run a program. */
const OF_SHELLS: Readonly<Record<number, string>> = {
  126: 'A shell ends with 126 where a file may not be executed: make it executable.',
  127: 'A shell ends with 127 where there is no such program: install it, or correct its name.',
};

/** In words: 'SIGKILL', 'exit code 1'. */
export function describeEnd({ exitCode, signal }: End): string {
  return signal ?? `exit code ${exitCode ?? 'unknown'}`;
}

/** As a sentence. */
export function adviceForEnd({ exitCode, signal, lastLines }: ToldEnd): string {
  if (signal === 'SIGKILL')
    return 'If nobody has sent it SIGKILL, the system has, for want of memory: run fewer workers, or give it more memory.';
  if (signal !== undefined && !OF_CRASHES.includes(signal))
    return `Find out who has sent it ${signal}: a script, a process manager, or a test.`;
  const ofShell = exitCode === undefined ? undefined : OF_SHELLS[exitCode];
  if (ofShell !== undefined) return ofShell;
  if (lastLines === '')
    return 'Look at its log file for the reason, or let it write to its standard output or error.';
  return signal === undefined ? 'Correct what it complains of.' : 'It has crashed: correct its own fault.';
}
