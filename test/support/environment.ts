import { variablesOfThisMachine } from './darwin/machine-variables.ts';

/** The environment for a process that must know nothing of the test that starts it. */
const OURS = /^(PORTSLICE_|PYSYS_|VITEST|TEST_|TINYPOOL_|NODE_OPTIONS$|DEBUG$)/;

export function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !OURS.test(name));
  return { ...Object.fromEntries(kept), ...variablesOfThisMachine(), ...extra };
}
