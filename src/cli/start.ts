/** Starts the command `portslice`. */
import { runProgram } from './program.ts';

/** Without an await at the top of a module, for which the bundler would take the package's main file apart. */
export const ended: Promise<void> = start();

async function start(): Promise<void> {
  const exitCode = await runProgram(process.argv.slice(2));
  // Unless its output could not be written.
  process.exitCode ??= exitCode;
}
