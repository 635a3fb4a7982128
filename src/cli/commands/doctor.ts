/** The arguments of `portslice doctor`. */
import { InvalidOptionError } from '../../errors/index.ts';
import { platform } from '../../platform/platform.ts';
import { type AddCommand, addHelpTexts } from '../command.ts';
import { FOUND_FAILURE } from '../exit-codes.ts';
import { readVersion } from '../version.ts';

/** Far more than a check takes, also on a busy machine. */
const TIMEOUT_SECONDS = 10;
const MAX_TIMEOUT_SECONDS = 3600;

const NOTES = [
  'The machine: it locks a few of the ports that tests are given (PORTSLICE_PORTS, if it is set), starts servers that know nothing of portslice, and leaves nothing behind.',
  'The project in this folder: versions, configurations, types, limits and network are looked at, and nothing of it is executed.',
  'One line each: ok; weaker or warning: what could be better; FAILED: what was seen, and what to do. At the end there is a text for a report.',
];

interface DoctorFlags {
  readonly json: boolean;
  readonly timeout: number;
}

export const addDoctor: AddCommand = (program, end) => {
  const command = program
    .command('doctor')
    .description(
      'Test whether this machine keeps what portslice promises, and whether this project is wired for it',
    )
    .option('--json', 'print the report as JSON', false)
    .option('--timeout <seconds>', 'for each check', parseSeconds, TIMEOUT_SECONDS)
    .action(async ({ json, timeout }: DoctorFlags) => {
      const { runDoctor } = await import('../doctor.ts');
      const timeoutMs = timeout * 1000;
      const folder = process.cwd();
      const fails = await runDoctor({ json, timeoutMs, version: readVersion(), system: platform, folder });
      end(fails ? FOUND_FAILURE : 0);
    });
  addHelpTexts(command, {
    notes: NOTES,
    examples: ['portslice doctor', 'portslice doctor --json > report.json'],
  });
};

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= MAX_TIMEOUT_SECONDS) return seconds;
  throw new InvalidOptionError({
    option: '--timeout',
    value: text,
    expected: `a number of seconds, at most ${MAX_TIMEOUT_SECONDS}`,
  });
}
