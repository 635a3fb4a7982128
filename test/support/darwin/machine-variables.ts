/** What tells a process on which machine of the Darwin stand-in it is: variables of its environment. */
const FOLDER = 'DARWIN_STAND_IN';
const TRAITS = 'DARWIN_STAND_IN_TRAITS';
const LIBRARY = 'LD_PRELOAD';

/** How a machine can differ from the usual one. */
export type MachineTrait = 'no-link-local' | 'localhost-is-link-local';

export function machineVariables(folder: string, library: string): Record<string, string> {
  const preload = new URL('preload.ts', import.meta.url).href;
  return { [FOLDER]: folder, [LIBRARY]: library, NODE_OPTIONS: `--import=${preload}` };
}

/** Of the machine that this process is on, with what another process on it has to know. */
export function variablesOfThisMachine(): Record<string, string> {
  const folder = process.env[FOLDER];
  return folder === undefined ? {} : machineVariables(folder, libraryOfStandIn());
}

export function withTraits(...traits: readonly MachineTrait[]): Record<string, string> {
  return { [TRAITS]: traits.join(' ') };
}

export function libraryOfStandIn(): string {
  return process.env[LIBRARY] as string;
}
