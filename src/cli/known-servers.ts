/**
 * Programs that ignore PORT, and the flags by which they take a port. Others that ignore it are given `{WEB}` in their arguments.
 * `next`, `nuxt`, `react-scripts`, `gatsby`, `vue-cli-service`, `rails` and most servers in Node heed PORT and need no entry.
 */

interface KnownServer {
  /** Whether it serves with that first argument, '' for none. What else the program can do (build, say) takes no port. */
  readonly serves: (subcommand: string) => boolean;
  readonly flags: (port: number) => readonly string[];
}

const only =
  (...subcommands: readonly string[]) =>
  (subcommand: string): boolean =>
    subcommands.includes(subcommand);
/** Of those that take a folder in place of a subcommand. */
const allBut =
  (...subcommands: readonly string[]) =>
  (subcommand: string): boolean =>
    !subcommands.includes(subcommand);

const port = (number: number): readonly string[] => ['--port', String(number)];
/** These would silently take the next port if theirs were taken. */
const strictPort = (number: number): readonly string[] => [...port(number), '--strictPort'];

const KNOWN_SERVERS: Readonly<Record<string, KnownServer>> = {
  // https://vite.dev/guide/cli
  vite: { serves: allBut('build', 'optimize'), flags: strictPort },
  // https://vitepress.dev/reference/cli
  vitepress: { serves: allBut('build', 'init'), flags: port },
  // https://docs.astro.build/en/reference/cli-reference/
  astro: { serves: only('dev', 'preview'), flags: port },
  // https://angular.dev/cli/serve
  ng: { serves: only('serve', 's', 'dev'), flags: port },
  // https://reactrouter.com/api/other-api/dev
  'react-router': { serves: only('dev'), flags: strictPort },
  // https://webpack.js.org/api/cli/
  webpack: { serves: only('serve', 'server', 's'), flags: port },
  // https://storybook.js.org/docs/api/cli-options
  storybook: { serves: only('dev'), flags: (number) => [...port(number), '--exact-port'] },
};

const PORT_FLAG = /^(?:--port|-p)(?:=|$)/;
/** What starts a program of the project: its own options end with the program's name. */
const STARTERS: Readonly<Record<string, readonly string[]>> = {
  npx: [],
  bunx: [],
  pnpm: ['exec', 'dlx'],
  yarn: ['exec', 'dlx', 'run'],
  npm: ['exec'],
};

/** The command with the flag that it needs to listen on that port; as it is if it needs none, or has one already. */
export function withPortFlag(command: readonly string[], number: number): readonly string[] {
  const at = findProgram(command);
  const server = KNOWN_SERVERS[nameOf(command[at])];
  const args = command.slice(at + 1);
  if (server === undefined || args.some((arg) => PORT_FLAG.test(arg))) return command;
  const [first = ''] = args;
  if (!server.serves(first.startsWith('-') ? '' : first)) return command;
  return [...command, ...server.flags(number)];
}

/** Whether its servers are surely those of Node, which share their port with the hold. */
export function isOfNode(command: readonly string[]): boolean {
  const program = nameOf(command[findProgram(command)]);
  return program === 'node' || program in KNOWN_SERVERS;
}

/** Where in the command the program stands that a starter starts. */
function findProgram(command: readonly string[]): number {
  const words = STARTERS[nameOf(command[0])];
  if (words === undefined) return 0;
  let at = 1;
  while (command[at]?.startsWith('-') === true || words.includes(command[at] ?? '')) at++;
  return at;
}

function nameOf(program = ''): string {
  return program
    .slice(Math.max(program.lastIndexOf('/'), program.lastIndexOf('\\')) + 1)
    .replace(/\.(?:cmd|exe)$/i, '');
}
