/** The arguments of `portslice run`. */
import { type AddCommand, addHelpTexts } from '../command.ts';
import { DEFAULT_NAME } from '../default-name.ts';
import { checkDistinct, parseWantedPort, type WantedPort } from '../port-arguments.ts';

const NOTES = [
  `Without --port there is one port, '${DEFAULT_NAME}'. Its number is in the variables WEB and PORT, and replaces {WEB}. With several ports there is no PORT.`,
  'A single argument with spaces is run by the shell. vite, vitepress, astro, ng, react-router, webpack and storybook, which ignore PORT, are given their flag.',
  'In a folder with its subfolders, a name has the same number from run to run where it is free.',
];
const EXAMPLES = [
  'portslice run -- vite',
  'portslice run --ready /health -- node server.js',
  'portslice run --port WEB=3000 -- npm start',
  `portslice run --port WEB --port API -- 'node api.js {API} & vite --port {WEB}'`,
  'portslice run --no-hold -- python3 server.py {WEB}',
  'portslice run --json -- node server.js 2> run.jsonl',
];

interface RunFlags {
  readonly port?: readonly WantedPort[];
  readonly ready?: string;
  readonly hold: boolean;
  readonly json: boolean;
}

export const addRun: AddCommand = (program, end) => {
  const command = program
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
    .option(
      '--json',
      'tell the standard error in lines of JSON when the command is started, and ready',
      false,
    )
    .passThroughOptions()
    .action(async (words: string[], { port: ports = [ONLY_PORT], ready, hold, json }: RunFlags) => {
      checkDistinct(ports);
      const { runCommand } = await import('../run-command.ts');
      end(await runCommand({ ports, ready, hold, json, command: words }));
    });
  addHelpTexts(command, {
    notes: NOTES,
    examples: EXAMPLES,
    exitCodeNotes: ['that of the command, or 128 and the number of the signal that has ended it'],
  });
};

const ONLY_PORT: WantedPort = { name: DEFAULT_NAME, port: undefined };

function collectPorts(text: string, others: readonly WantedPort[] = []): WantedPort[] {
  return [...others, parseWantedPort(text)];
}
