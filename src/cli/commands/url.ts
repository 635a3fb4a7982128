/** The arguments of `portslice url`. */
import { checkRunPortName } from '../../server/run-ports/run-port-options.ts';
import { type AddCommand, addHelpTexts } from '../command.ts';
import { DEFAULT_NAME } from '../default-name.ts';

const NOTES = ['It waits a few seconds for a server that is starting.'];
const EXAMPLES = ['portslice url web', 'curl "$(portslice url api)/health"', 'portslice url web --json'];

interface UrlFlags {
  readonly json: boolean;
}

export const addUrl: AddCommand = (program, end) => {
  const command = program
    .command('url')
    .description('Print the address of the server of that name in this package folder')
    .argument('[name]', 'the name of its port', DEFAULT_NAME)
    .option('--json', 'print the address, the port, the process and the folder as JSON', false)
    .action(async (name: string, { json }: UrlFlags) => {
      checkRunPortName(name);
      const { printUrl } = await import('../url.ts');
      end(printUrl(name, json));
    });
  addHelpTexts(command, { notes: NOTES, examples: EXAMPLES });
};
