/**
 * Names of run ports. They are variables of the environment too, so case does not matter and - is _: `runPort('web')`, `--port WEB`
 * and the variable WEB are the same.
 */

const NAME = /^[a-z][a-z0-9_-]{0,31}$/i;

export const EXPECTED_NAME =
  "a name of up to 32 letters, digits, '-' and '_' that begins with a letter, such as 'web'";

export function isRunPortName(name: unknown): name is string {
  return typeof name === 'string' && NAME.test(name);
}

/** The same for all ways to write a name. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replaceAll('-', '_');
}

export function variableOf(name: string): string {
  return canonicalName(name).toUpperCase();
}
