/** Servers whose processes are hard to find again: behind npm and shells, in sessions of their own, without their environment. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'vitest';
import { marksEveryProcess } from '../support/kernel-traits.ts';
import { needProgram, needRoot } from '../support/needs.ts';
import { AS_NOBODY, initialiseDatabase } from '../support/postgres.ts';
import type { NamespaceProcess } from './namespace-processes.ts';

export interface WildTree {
  readonly command: readonly string[];
  /** Whether all is there that will be. */
  readonly isUp: (processes: readonly NamespaceProcess[], rootId: number) => boolean;
}

/** Who never ends by himself in the time of a test. */
const SLEEP = 'sleep 3600';
const SLEEPS = /^sleep 3600$/;

/** Up when that many of the program's processes are, and the first process has ended if it is to. */
function upWith(program: RegExp, count: number, rootEnds = false): WildTree['isUp'] {
  return (processes, rootId) =>
    processes.filter(({ command }) => program.test(command)).length >= count &&
    (!rootEnds || processes.every(({ pid }) => pid !== rootId));
}

const NODE_WITH_DETACHED_CHILDREN = `
  const { spawn } = require('node:child_process');
  for (let i = 0; i < 2; i++) spawn('sleep', ['3600'], { detached: true, stdio: 'ignore' }).unref();
  setInterval(() => {}, 1e6);`;

const NODE_THAT_STAYS = 'setInterval(() => {}, 1e6)';

/** Starts another one in a session of its own, and ends. */
function nodeThatForks(code: string): string {
  const options = "{ detached: true, stdio: 'ignore' }";
  return `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(code)}], ${options}).unref();`;
}

/** @param folder for what the tree writes; anybody may look into it */
export const WILD_TREES: Readonly<Record<string, (folder: string, context: TestContext) => WildTree>> = {
  'npm behind npm behind a shell': (folder) => {
    const scripts = { outer: 'npm run inner; exit 0', inner: SLEEP };
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'wild', scripts }));
    return {
      command: ['sh', '-c', `cd '${folder}' && npm run outer; exit 0`],
      isUp: upWith(SLEEPS, 1),
    };
  },
  'detached grandchildren': () => ({
    command: [process.execPath, '-e', NODE_WITH_DETACHED_CHILDREN],
    isUp: upWith(SLEEPS, 2),
  }),
  'a double fork of Node into another session': () => ({
    command: [process.execPath, '-e', nodeThatForks(nodeThatForks(NODE_THAT_STAYS))],
    isUp: (processes) =>
      processes.length === 1 && processes[0]?.command.includes(` -e ${NODE_THAT_STAYS}`) === true,
  }),
  ...(marksEveryProcess
    ? {
        'a double fork into another session': () => ({
          command: ['sh', '-c', `(setsid sh -c '${SLEEP} & exec ${SLEEP}' &)`],
          isUp: upWith(SLEEPS, 2, true),
        }),
        'a double fork without an environment': () => ({
          command: ['sh', '-c', `(env -i setsid sh -c '${SLEEP} & exec ${SLEEP}' &)`],
          isUp: upWith(SLEEPS, 2, true),
        }),
      }
    : {}),
  '50 children': () => ({
    command: ['sh', '-c', `for i in $(seq 50); do ${SLEEP} & done; wait`],
    isUp: upWith(SLEEPS, 50),
  }),
  'redis as a daemon': (folder, context) => {
    const redis = needProgram(context, 'redis-server');
    const args = ['--daemonize', 'yes', '--port', '7777', '--dir', folder, '--save', ''];
    return { command: [redis, ...args], isUp: upWith(/redis-server .*:7777/, 1, true) };
  },
  'nginx as a daemon': (folder, context) => {
    const nginx = needProgram(context, 'nginx');
    const file = path.join(folder, 'nginx.conf');
    writeFileSync(file, nginxConfiguration(folder));
    return { command: [nginx, '-p', folder, '-c', file], isUp: upWith(/^nginx: worker/, 2, true) };
  },
  'postgres as another user': (folder, context) => {
    needRoot(context);
    const postgres = needProgram(context, 'postgres');
    const data = path.join(folder, 'data');
    initialiseDatabase(needProgram(context, 'initdb'), data);
    const options = ['-D', data, '-k', folder, '-p', '7778', '-c', 'listen_addresses=127.0.0.1'];
    // The processes that it starts name themselves.
    return { command: [...AS_NOBODY, postgres, ...options], isUp: upWith(/^postgres: /, 5) };
  },
};

const nginxConfiguration = (folder: string): string => `
  daemon on; worker_processes 2; pid ${folder}/pid; error_log ${folder}/error.log;
  events { worker_connections 64; }
  http { access_log off; server { listen 7779; return 200 "nginx"; } }`;

export function wildFolder(): { readonly folder: string } & Disposable {
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-tree-'));
  chmodSync(folder, 0o777);
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
