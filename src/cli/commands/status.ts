/** The arguments of `portslice status`. */
import { InvalidOptionError } from '../../errors/index.ts';
import { type AddCommand, addHelpTexts } from '../command.ts';

const INTERVAL_SECONDS = 1;
const MIN_INTERVAL_SECONDS = 0.1;
const MAX_INTERVAL_SECONDS = 3600;

const NOTES = [
  'For each live pool of this machine, also of other users as far as the system shows them: its runner, folder, process and workers, and for each port its test and the server that listens on it. Ports that are locked by processes whose pool cannot be read stand at the end.',
  'It reads what the kernel shows and asks nobody. A container has ports of its own: run it in there.',
  'On a terminal, --watch fills the screen and leaves it as it was; q ends it. Elsewhere it prints the status again whenever something has changed, as JSON one line each.',
];

interface StatusFlags {
  readonly json: boolean;
  readonly watch: boolean;
  readonly interval?: number;
}

export const addStatus: AddCommand = (program, end) => {
  const command = program
    .command('status')
    .description('Show every live pool of this machine: its workers, their ports, tests and servers')
    .option('-w, --watch', 'again and again, until q or Ctrl-C', false)
    .option(
      '--interval <seconds>',
      `between two looks of --watch (default: ${INTERVAL_SECONDS})`,
      parseInterval,
    )
    .option('--json', 'print the status as JSON', false)
    .action(async ({ json, watch, interval }: StatusFlags) => {
      if (interval !== undefined && !watch)
        throw new InvalidOptionError({
          option: '--interval',
          value: interval,
          expected: 'the option --watch beside it',
        });
      const { showStatus, watchStatus } = await import('../status.ts');
      if (watch) end(await watchStatus({ json, intervalMs: (interval ?? INTERVAL_SECONDS) * 1000 }));
      else showStatus(json);
    });
  addHelpTexts(command, {
    notes: NOTES,
    examples: ['portslice status', 'portslice status --watch', 'portslice status --json > status.json'],
  });
};

function parseInterval(text: string): number {
  const seconds = Number(text);
  if (seconds >= MIN_INTERVAL_SECONDS && seconds <= MAX_INTERVAL_SECONDS) return seconds;
  throw new InvalidOptionError({
    option: '--interval',
    value: text,
    expected: `a number of seconds from ${MIN_INTERVAL_SECONDS} to ${MAX_INTERVAL_SECONDS}`,
  });
}
