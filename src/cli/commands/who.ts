/** The arguments of `portslice who`. */
import { parsePortSpec } from '../../core/port-spec.ts';
import { type AddCommand, addHelpTexts } from '../command.ts';

const NOTES = [
  'For each port: the test that has it, its worker and its run; who listens, with command line and folder; sockets that are only bound, clients and closed connections that would be in the way; UDP; what leads connections elsewhere (Docker); whether tests may be given it; and what to do.',
  'It reads what the kernel shows and asks nobody. Of the processes of other users it knows more as root. A container has ports of its own: ask in there.',
];

interface WhoFlags {
  readonly json: boolean;
}

export const addWho: AddCommand = (program, end) => {
  const command = program
    .command('who')
    .description('Show who has a port, what is in its way, and what to do')
    .argument('<ports...>', 'ports and ranges, such as 20123 or 20000-20010')
    .option('--json', 'print what is known as JSON', false)
    .action(async (texts: string[], { json }: WhoFlags) => {
      const ranges = parsePortSpec(texts.join(','), 'who');
      const { showPorts } = await import('../who.ts');
      end(showPorts(ranges, json));
    });
  addHelpTexts(command, {
    notes: NOTES,
    examples: [
      'portslice who 20123',
      'portslice who 3000 8000-8010 --json',
      'portslice who 3000 > /dev/null && npm start',
    ],
  });
};
