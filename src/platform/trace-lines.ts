/** The lines of the trace. Loaded by trace.ts, and only where DEBUG asks for them; it needs nothing else of portslice. */
import { createDebug, type Debugger } from 'obug';

const STDERR = 2;

/** Of each namespace that is asked for, what writes a line. */
export function openLines<Name extends string>(
  names: readonly Name[],
): Partial<Record<Name, (text: string) => void>> {
  const who = describeThread();
  const asked = names
    .map((name) => [name, openNamespace(`portslice:${name}`)] as const)
    .filter(([, line]) => line.enabled);
  const lines = asked.map(([name, line]) => [name, (text: string) => line('%s', `${who} ${text}`)]);
  return Object.fromEntries(lines) as Partial<Record<Name, (text: string) => void>>;
}

/** `[4711]`, or `[4711/2]` in the worker thread 2 of that process. */
function describeThread(): string {
  const { isMainThread, threadId } = process.getBuiltinModule('node:worker_threads');
  return isMainThread ? `[${process.pid}]` : `[${process.pid}/${threadId}]`;
}

function openNamespace(name: string): Debugger {
  const { format } = process.getBuiltinModule('node:util');
  const line = createDebug(name);
  // Not by its options: obug makes them the defaults of all that others of this process open later.
  line.log = (...args: unknown[]) => writeLine(`${format(...args)}\n`);
  line.useColors = line.useColors && isColourWanted();
  return line;
}

/** obug does not know NO_COLOR. Where stderr is no terminal, somebody has asked it for colours. */
function isColourWanted(): boolean {
  const { stderr } = process;
  return typeof stderr.hasColors !== 'function' || stderr.hasColors();
}

/**
 * To the descriptor itself, in one piece: `process.stderr` of a worker thread, and of Playwright's workers, sends the text to
 * somebody else, and what has not arrived when the worker ends is lost.
 */
function writeLine(line: string): void {
  const { writeSync } = process.getBuiltinModule('node:fs');
  const bytes = Buffer.from(line);
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(STDERR, bytes, written);
    } catch (error) {
      // The reader has gone, or the descriptor: nobody is left to tell.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      // A pipe that does not block, and is full.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
