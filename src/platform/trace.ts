/**
 * What portslice does, line by line, while the variable DEBUG asks for it: `DEBUG=portslice:*`. Else nothing of it is loaded,
 * and an event costs its check.
 */
import { namesPortslice } from '../core/trace-names.ts';
import { harmless } from '../errors/index.ts';
import { monotonicMs } from './clock.ts';
import { readVariable } from './environment.ts';
import { requireLater } from './load-system.ts';
import type * as TraceLines from './trace-lines.ts';

/** In docs/troubleshooting.md each has a row. */
export const NAMESPACES = ['claim', 'wait', 'release', 'orphan', 'pool', 'server', 'run-port'] as const;

/** Of each namespace that is asked for, what writes a line. */
export type Trace = Readonly<Partial<Record<(typeof NAMESPACES)[number], (text: string) => void>>>;

const REASON_LENGTH = 300;
const OFF: Trace = {};
let current: Trace | undefined;

/**
 * Write ``trace().claim?.(`${port} ...`)``: where nobody asks, the text is not made. What is not ours in it (labels, commands,
 * folders, errors) has to be harmless.
 */
export function trace(): Trace {
  return (current ??= openTrace());
}

/** For a line: how long something has taken. */
export function since(startMs: number): string {
  return inMs(monotonicMs() - startMs);
}

export function inMs(durationMs: number): string {
  return `${durationMs < 10 ? Math.round(durationMs * 10) / 10 : Math.round(durationMs)} ms`;
}

/** For a line: why something has failed. Messages of ours can go on with all that a server has written. */
export function describeReason(error: unknown): string {
  return harmless(String((error as Partial<Error> | undefined)?.message ?? error), REASON_LENGTH);
}

function openTrace(): Trace {
  if (!isAskedFor()) return OFF;
  try {
    return (requireLater('trace-lines') as typeof TraceLines).openLines(NAMESPACES);
  } catch (error) {
    process.stderr.write(
      `portslice: there is no trace, though DEBUG asks for it: ${(error as Error).message}\n`,
    );
    return OFF;
  }
}

function isAskedFor(): boolean {
  try {
    const patterns = readVariable('DEBUG');
    return patterns !== undefined && namesPortslice(patterns);
  } catch {
    // Deno denies each variable by itself, and nobody has to allow one that is only for this.
    return false;
  }
}
