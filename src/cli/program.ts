/** The command `portslice`: a file for each of its commands, with the arguments and the help of it. What they do is loaded when it is done. */
import { Command, CommanderError } from 'commander';
import { PortsliceError } from '../errors/index.ts';
import { tell } from '../server/run-ports/claim-run-port.ts';
import { type AddCommand, addExamples } from './command.ts';
import { addDoctor } from './commands/doctor.ts';
import { addPorts } from './commands/ports.ts';
import { addRun } from './commands/run.ts';
import { addStatus } from './commands/status.ts';
import { addUrl } from './commands/url.ts';
import { addWho } from './commands/who.ts';
import { OWN_FAILURE } from './exit-codes.ts';
import { print, styled } from './output.ts';
import { readVersion } from './version.ts';

/** In the order of the help. */
const COMMANDS: readonly AddCommand[] = [addRun, addUrl, addStatus, addWho, addPorts, addDoctor];

const EXAMPLES = [
  'portslice run -- vite',
  'portslice url web',
  'portslice status',
  'portslice who 20123',
  'portslice doctor',
  'portslice help run',
];

/** Resolves with the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command('portslice')
    .description('Ports that the servers and the tests of a package folder agree on.')
    .version(readVersion())
    .configureOutput({ writeOut: print })
    .configureHelp({ styleTitle: (title) => styled('bold', title) })
    .enablePositionalOptions();
  addExamples(program, EXAMPLES);
  for (const add of COMMANDS) add(program, (code) => (exitCode = code));
  for (const command of [program, ...program.commands]) command.exitOverride();
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    return codeOf(error);
  }
}

/** Our own errors say all that there is to say; of others the stack is worth more than nothing. */
function codeOf(error: unknown): number {
  // It has told why already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : OWN_FAILURE;
  if (!(error instanceof PortsliceError)) throw error;
  tell(error.message);
  return OWN_FAILURE;
}
