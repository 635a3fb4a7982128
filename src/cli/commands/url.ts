/** The arguments of `portslice url`. */
import { checkRunPortName } from '../../server/run-ports/run-port-options.ts';
import { type AddCommand, addHelpTexts } from '../command.ts';
import { DEFAULT_NAME } from '../default-name.ts';

export const addUrl: AddCommand = (program, end) => {
  const command = program
    .command('url')
    .description('Print the address of the server of that name in this package folder')
    .argument('[name]', 'the name of its port', DEFAULT_NAME)
    .action(async (name: string) => {
      checkRunPortName(name);
      const { printUrl } = await import('../url.ts');
      end(printUrl(name));
    });
  addHelpTexts(command, { examples: ['portslice url web', 'curl "$(portslice url api)/health"'] });
};
