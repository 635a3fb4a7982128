/** On the user's machine: terminals in which the user starts runs, and then looks at them. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { MachineStatus, PortStatus } from '../../src/report/status/machine-status.ts';
import { programConfig, serve } from '../../test/support/serve.ts';
import { startTerminal, type Terminal, type TerminalOptions } from '../../test/support/terminal.ts';
import { until } from '../../test/support/until.ts';
import { PROJECTS } from './user-projects.ts';

export type Commands = typeof commands;

/** Of a terminal, with its escape sequences. */
export interface Captured {
  readonly columns: number;
  readonly text: string;
}

const { home, tmux } = programConfig() as { readonly home: string; readonly tmux: string };
const env = {
  HOME: home,
  LANG: 'C.UTF-8',
  TMPDIR: process.env['TMPDIR'],
  PATH: [path.join(home, '.local/bin'), process.env['PATH']].join(':'),
  PS1: String.raw`\[\e[1;32m\]\w\[\e[0m\] $ `,
  npm_config_update_notifier: 'false',
};
const COLUMNS = 100;
const RUNS: readonly (readonly [project: string, line: string])[] = [
  ['shop', 'npx playwright test'],
  ['blog', 'npx vitest run'],
  ['api', 'npm run dev'],
  ['api', 'node server.js'],
];
/** Of three tests of the shop, one of the blog, and the API: the last run has a port without portslice. */
const SERVED_PORTS = 5;

const commands = {
  /** Resolves when each of them has its ports, and servers listen on them. */
  startRuns: async (): Promise<void> => {
    for (const [file, content] of Object.entries(PROJECTS))
      writeFileSync(path.join(home, file), content.trimStart());
    const terminals = RUNS.map(([project, line]) => {
      const terminal = openTerminal(project);
      terminal.type(line);
      return terminal;
    });
    try {
      await until('a server on each port', () => readPorts().filter(isServed).length === SERVED_PORTS);
    } catch (error) {
      const screens = terminals.map((terminal) => terminal.history());
      throw new Error([(error as Error).message, ...screens].join('\n\n'), { cause: error });
    }
  },
  portOf: (title: string): number => {
    const found = readPorts().find(({ label }) => label.endsWith(title));
    if (found === undefined) throw new Error(`'${title}' has no port.`);
    return found.port;
  },
  /** What a terminal shows when a command in it has ended. */
  capture: async (project: string, line: string): Promise<Captured> => {
    await using terminal = openTerminal(project, { rows: 100 });
    await terminal.waitFor(/\$$/);
    terminal.type(line);
    await terminal.waitFor(/\$ .+\n[^]*\$$/);
    return { columns: COLUMNS, text: terminal.colouredScreen() };
  },
};

function openTerminal(project: string, options: TerminalOptions = {}): Terminal {
  const shell = ['bash', '--norc', '--noprofile'];
  return startTerminal(tmux, shell, { columns: COLUMNS, cwd: path.join(home, project), env, ...options });
}

function readPorts(): PortStatus[] {
  const command = path.join(home, 'shop/node_modules/.bin/portslice');
  const output = execFileSync(command, ['status', '--json'], { env, encoding: 'utf8' });
  const { pools } = JSON.parse(output) as MachineStatus;
  const workers = pools.flatMap((pool) => (pool.isReadable ? pool.workers : []));
  return workers.flatMap(({ ports }) => ports);
}

function isServed({ listeners }: PortStatus): boolean {
  return listeners.length > 0;
}

serve(commands);
