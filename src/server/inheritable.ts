/** Commands that cannot hand a socket on, told before they would let every client wait in vain. */

/** They give the programs that they start the standard streams alone. */
const LOSE_DESCRIPTORS = /^(?:npm|npx|pnpm|pnpx|yarn|yarnpkg|corepack)(?:\.cmd|\.exe)?$/;
const NODE = /^node(?:js)?(?:\.exe)?$/;
const LOSE_DESCRIPTORS_IN_NODE = /^--(?:run|watch|watch-path)(?:=|$)/;
const SCRIPT = /\.[cm]?[jt]sx?$/;

/** @returns the part of the command that is to blame, or undefined */
export function findDescriptorLoser(command: readonly string[] | string): string | undefined {
  if (typeof command !== 'string') return loserOf(command);
  // The commands of a line for the shell, without the variables that are set for them.
  for (const part of command.split(/&&|\|\||[;|&\n]/)) {
    const words = part.trim().split(/\s+/);
    const first = words.findIndex((word) => !/^(?:exec$|\w+=)/.test(word));
    const loser = loserOf(words.slice(Math.max(first, 0)));
    if (loser !== undefined) return loser;
  }
  return undefined;
}

function loserOf([program = '', ...args]: readonly string[]): string | undefined {
  const name = program.slice(Math.max(program.lastIndexOf('/'), program.lastIndexOf('\\')) + 1);
  if (LOSE_DESCRIPTORS.test(name)) return name;
  if (!NODE.test(name)) return undefined;
  // What follows the script is the script's own.
  const script = args.findIndex((argument) => SCRIPT.test(argument));
  const options = script === -1 ? args : args.slice(0, script);
  const option = options.find((argument) => LOSE_DESCRIPTORS_IN_NODE.test(argument));
  return option && `${name} ${option}`;
}
