/** The hint at `--no-hold`. What the command writes goes to the terminal and not through this process. */
import { tell } from '../server/run-ports/claim-run-port.ts';
import { isCodeOfShell } from './exit-codes.ts';
import { isOfNode } from './known-servers.ts';
import type { NamedPort } from './port-arguments.ts';

/** A server that cannot have its port mostly ends in a second. What runs longer fails for other reasons. */
const SOON_MS = 10_000;

export interface EndedCommand {
  readonly command: readonly string[];
  readonly exitCode: number;
  readonly ranMs: number;
  /** Held ports on which nobody has listened. */
  readonly unserved: readonly NamedPort[];
}

export function hintAtNoHold({ command, exitCode, ranMs, unserved }: EndedCommand): void {
  const [first] = unserved;
  if (first === undefined || ranMs > SOON_MS) return;
  if (exitCode === 0 || isCodeOfShell(exitCode) || isOfNode(command)) return;
  tell(
    `nobody has listened on port ${first.port}. If the command says that it is in use, its server sets neither SO_REUSEADDR ` +
      'nor SO_REUSEPORT: portslice run --no-hold',
  );
}
