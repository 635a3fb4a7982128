/** The process of the command, and the signals that are passed on to it. */
import type { ChildProcess } from 'node:child_process';
import type { ProcessTree } from '../platform/process-tree.ts';
import { tell } from '../server/run-ports/claim-run-port.ts';
import { spawn } from '../server/spawn.ts';

interface CommandEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartedCommand {
  /** Rejects if the command could not be started. */
  readonly ended: Promise<CommandEnd>;
  /** Whether this process has been asked to end it, or to pass something on. */
  wasSignalled(): boolean;
}

const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
/** What a terminal sends to all of its foreground processes itself. */
const OF_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/**
 * In a terminal the command stays in its foreground, so that it can read keys: Ctrl-C reaches it from there. Elsewhere it has a
 * session of its own.
 */
export function startCommand(
  command: readonly string[],
  environment: NodeJS.ProcessEnv,
  tree: ProcessTree,
): StartedCommand {
  const isInTerminal = process.stdin.isTTY;
  const place = isInTerminal ? 'foreground' : 'background';
  const child = spawn(tree.wrap(command, { environment }), place, { env: environment, stdio: 'inherit' });
  if (child.pid !== undefined) tree.add(child.pid);
  if (tree.problem !== undefined) tell(`what the command leaves behind may not be ended: ${tree.problem}`);
  const ended = new Promise<CommandEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  let wasSignalled = false;
  for (const signal of FORWARDED) {
    const isSentToAll = isInTerminal && OF_TERMINAL.includes(signal);
    process.on(signal, () => {
      wasSignalled = true;
      if (!isSentToAll) passOn(signal, child);
    });
  }
  return { ended, wasSignalled: () => wasSignalled };
}

function passOn(signal: NodeJS.Signals, child: ChildProcess): void {
  try {
    child.kill(signal);
  } catch (error) {
    // Windows sends it to all processes of a console that is closed, and nobody else can.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSYS') throw error;
  }
}
