/** The arguments of the command `portslice`, and its help. */
import { Command, CommanderError } from 'commander';
import { InvalidOptionError, PortsliceError } from '../errors/index.ts';
import { platform } from '../platform/platform.ts';
import { tell } from '../server/run-ports/claim-run-port.ts';
import { checkRunPortName } from '../server/run-ports/run-port-options.ts';
import { OWN_FAILURE, PROMISE_BROKEN } from './exit-codes.ts';
import { checkDistinct, parseWantedPort, type WantedPort } from './port-arguments.ts';
import { runCommand } from './run-command.ts';
import { printUrl } from './url.ts';

/** What the package's readers call the server of a package that has only one. */
const DEFAULT_NAME = 'web';

/** Far more than a check takes, also on a busy machine. */
const DOCTOR_TIMEOUT_SECONDS = 10;
const MAX_TIMEOUT_SECONDS = 3600;

const EXIT_CODES = `
Exit codes:
  that of the command, or 128 and the number of the signal that has ended it
  125  portslice itself has failed: wrong arguments, a port that cannot be had, a name that is already served
  126  the command cannot be executed
  127  there is no such command
`;

const RUN_EXAMPLES = `
Without --port there is one port, '${DEFAULT_NAME}'. Its number is in the variables WEB and PORT, and replaces {WEB}. With several ports there is
no PORT. A single argument with spaces is run by the shell. vite, vitepress, astro, ng, react-router, webpack and storybook, which
ignore PORT, are given their flag. In a folder with its subfolders, a name has the same number from run to run where it is free.

Examples:
  $ portslice run -- vite
  $ portslice run --ready /health -- node server.js
  $ portslice run --port WEB=3000 -- npm start
  $ portslice run --port WEB --port API -- 'node api.js {API} & vite --port {WEB}'
  $ portslice run --no-hold -- python3 server.py {WEB}
${EXIT_CODES}`;

const URL_EXAMPLES = `
Examples:
  $ portslice url web
  $ curl "$(portslice url api)/health"

Exit codes:
  1    nobody serves the name for this folder, or its server is not ready yet
  125  portslice itself has failed: wrong arguments
`;

const DOCTOR_EXAMPLES = `
It locks a few of the ports that tests are given (PORTSLICE_PORTS, if it is set), starts servers that know nothing of portslice, and leaves nothing
behind. One line for each promise: ok; weaker: what is not kept, and why; FAILED: what was expected, what was seen, and what to do. At the end there
is a text for a report.

Examples:
  $ portslice doctor
  $ portslice doctor --json > report.json

Exit codes:
  1    a promise is broken on this machine
  125  portslice itself has failed: wrong arguments
`;

const EXAMPLES = `
Examples:
  $ portslice run -- vite
  $ portslice url web
  $ portslice doctor
  $ portslice help run
`;

interface RunFlags {
  readonly port?: readonly WantedPort[];
  readonly ready?: string;
  readonly hold: boolean;
}

interface DoctorFlags {
  readonly json: boolean;
  readonly timeout: number;
}

/** Resolves with the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command('portslice')
    .description('Ports that the servers and the tests of a package folder agree on.')
    .version(readVersion())
    .enablePositionalOptions()
    .addHelpText('after', EXAMPLES);
  program
    .command('run')
    .description(
      'Run a command with ports of this package folder; test runs of the same folder join its server',
    )
    .argument('<command...>', 'the command and its arguments')
    .option('-p, --port <NAME[=NUMBER]>', 'a port by name, as often as you need', collectPorts)
    .option(
      '--ready <URL>',
      'tests join when this answers: a URL with {WEB} in it, or a path of the first port',
    )
    .option('--no-hold', 'for servers that set neither SO_REUSEADDR nor SO_REUSEPORT')
    .passThroughOptions()
    .addHelpText('after', RUN_EXAMPLES)
    .action(
      async (
        command: string[],
        { port = [{ name: DEFAULT_NAME, port: undefined }], ready, hold }: RunFlags,
      ) => {
        checkDistinct(port);
        exitCode = await runCommand({ ports: port, ready, hold, command });
      },
    );
  program
    .command('url')
    .description('Print the address of the server of that name in this package folder')
    .argument('[name]', 'the name of its port', DEFAULT_NAME)
    .addHelpText('after', URL_EXAMPLES)
    .action((name: string) => {
      checkRunPortName(name);
      exitCode = printUrl(name);
    });
  program
    .command('doctor')
    .description('Test whether this machine keeps what portslice promises, in seconds')
    .option('--json', 'print the report as JSON', false)
    .option('--timeout <seconds>', 'for each check', parseSeconds, DOCTOR_TIMEOUT_SECONDS)
    .addHelpText('after', DOCTOR_EXAMPLES)
    .action(async ({ json, timeout }: DoctorFlags) => {
      const { runDoctor } = await import('./doctor.ts');
      const timeoutMs = timeout * 1000;
      const verdict = await runDoctor({ json, timeoutMs, version: readVersion(), system: platform });
      exitCode = verdict === 'failed' ? PROMISE_BROKEN : 0;
    });
  for (const command of [program, ...program.commands]) command.exitOverride();
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    return codeOf(error);
  }
}

function collectPorts(text: string, others: readonly WantedPort[] = []): WantedPort[] {
  return [...others, parseWantedPort(text)];
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= MAX_TIMEOUT_SECONDS) return seconds;
  throw new InvalidOptionError({
    option: '--timeout',
    value: text,
    expected: `a number of seconds, at most ${MAX_TIMEOUT_SECONDS}`,
  });
}

/** Our own errors say all that there is to say; of others the stack is worth more than nothing. */
function codeOf(error: unknown): number {
  // It has told why already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : OWN_FAILURE;
  if (!(error instanceof PortsliceError)) throw error;
  tell(error.message);
  return OWN_FAILURE;
}

function readVersion(): string {
  const { createRequire } = process.getBuiltinModule('node:module');
  const { version } = createRequire(import.meta.url)('portslice/package.json') as { version: string };
  return version;
}
