/** A process that takes others into its service, as the self-test does. */
import { Staff } from '../../src/doctor/staff.ts';
import { serve } from '../support/serve.ts';

const staff = new Staff();
const commands = {
  /** @returns the process that listens */
  employStranger: async (): Promise<number> => {
    await staff.stranger.call('listen', 0, '127.0.0.1');
    return staff.stranger.processId;
  },
};
export type EmployerCommands = typeof commands;

serve(commands);
