/** What is done about servers that tests leave behind. */
import { InvalidOptionError } from '../errors/index.ts';
import { ON_LEAK_VARIABLE, readVariable } from '../platform/environment.ts';
import type { OnLeak } from '../pool/session/port-claim.ts';

const VALUES: readonly unknown[] = ['warn', 'fail', 'ignore'] satisfies OnLeak[];

/** @throws InvalidOptionError that names the option */
export function checkOnLeak(option: string, value: unknown): OnLeak {
  if (VALUES.includes(value)) return value as OnLeak;
  throw new InvalidOptionError({ option, value, expected: "'warn', 'fail' or 'ignore'" });
}

/** What the run's configuration has published, or the user has set. @throws InvalidOptionError */
export function onLeakOfRun(): OnLeak {
  const value = readVariable(ON_LEAK_VARIABLE);
  return value === undefined ? 'warn' : checkOnLeak(ON_LEAK_VARIABLE, value);
}
