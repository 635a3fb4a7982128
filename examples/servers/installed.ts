/** Where the servers' programs are. `npm run setup` installs what is missing. */
import { type SystemNeed, systemNeeds } from '../../scripts/system-needs.ts';

const programs = systemNeeds();

/** Whether tests that need the program are to be skipped: it is not there, and this is not CI, where it has to be. */
export function isMissing(program: SystemNeed): boolean {
  return programs[program] === undefined && (process.env['CI'] ?? '') === '';
}

export function programPath(program: SystemNeed): string {
  const found = programs[program];
  if (found === undefined)
    throw new Error(`${program} is not installed. 'npm run setup' says how to get it.`);
  return found;
}
