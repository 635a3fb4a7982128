/** The arguments of `portslice ports`. */
import { type AddCommand, addHelpTexts } from '../command.ts';

const NOTES = [
  'Those that tests are given: all from 1024 on outside of the ephemeral range, or what PORTSLICE_PORTS or PORTSLICE_PORTS_FILE names; without those that browsers refuse, that the operating system excludes, and that PORTSLICE_EXCLUDED_PORTS names.',
  "What the options of a plugin or of a pool name counts in their runs only: `portslice status` shows the pools' sizes.",
];

interface PortsFlags {
  readonly json: boolean;
}

export const addPorts: AddCommand = (program) => {
  const command = program
    .command('ports')
    .description('Show the server ports of this machine, and why the others are none')
    .option('--json', 'print them as JSON', false)
    .action(async ({ json }: PortsFlags) => {
      const { showServerPorts } = await import('../ports.ts');
      showServerPorts(json);
    });
  addHelpTexts(command, {
    notes: NOTES,
    examples: ['portslice ports', 'PORTSLICE_PORTS=20000-20999 portslice ports --json'],
  });
};
