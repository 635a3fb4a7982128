/** A process or thread that starts servers, each in a process tree, as a test's worker does, and bystanders in none. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { startServer, type StartServerOptions, TCPPortOwner } from '../../src/index.ts';
import type { ProcessTree } from '../../src/platform/process-tree.ts';
import { serverPlatform } from '../../src/platform/server-platform.ts';
import { serve } from '../support/serve.ts';

export type TreeCommands = typeof commands;

const MAX_ATTEMPTS = 50;

const trees = new Map<number, ProcessTree>();
let owner: TCPPortOwner | undefined;

const commands = {
  /** @returns the process id, by which the tree is called from now on */
  async start(command: readonly string[], wrapped = true): Promise<number> {
    const tree = serverPlatform.openProcessTree();
    const environment = { ...process.env, ...tree.environment };
    const child = startDetached(wrapped ? tree.wrap(command, { environment }) : command, environment);
    tree.add(child.pid as number);
    trees.set(child.pid as number, tree);
    return child.pid as number;
  },
  /** Is killed between the start and telling anybody of it. */
  startAndDie(command: readonly string[]): void {
    const tree = serverPlatform.openProcessTree();
    const environment = { ...process.env, ...tree.environment };
    startDetached(tree.wrap(command, { environment }), environment);
    process.kill(process.pid, 'SIGKILL');
  },
  startServer: async (options: StartServerOptions): Promise<number | undefined> =>
    (await startServer(options)).pid,
  /** Once more in the same tree. */
  startAgain(id: number, command: readonly string[]): number {
    const tree = treeOf(id);
    const child = startDetached(command, { ...process.env, ...tree.environment });
    tree.add(child.pid as number);
    return child.pid as number;
  },
  startBystander(command: readonly string[], detached: boolean): number {
    const [program = '', ...args] = command;
    return spawn(program, args, { detached, stdio: 'ignore' }).pid as number;
  },
  /** The kernel gives the next process that number. Only root may ask for it. */
  startBystanderAs(processId: number, command: readonly string[]): number {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      writeFileSync('/proc/sys/kernel/ns_last_pid', String(processId - 1));
      const child = startDetached(command, process.env);
      if (child.pid === processId) return processId;
      // Somebody else was faster: a thread gets a number, too.
      child.kill('SIGKILL');
    }
    throw new Error(`The number ${processId} cannot be had.`);
  },
  find: (id: number): number[] => treeOf(id).findProcesses(),
  has: (id: number, processId: number): boolean => treeOf(id).has(processId),
  signal: (id: number, signal: NodeJS.Signals): number => treeOf(id).signal(signal),
  problem: (id: number): string | undefined => treeOf(id).problem,
  close: (id: number): void => treeOf(id).close(),
  /** Watchdogs that are programs of Node end at once from now on. */
  forgetNode: (): void => {
    process.execPath = '/bin/true';
  },
  signalOther: (processId: number, signal: NodeJS.Signals): boolean => process.kill(processId, signal),
  /** As from the system. */
  receive: (signal: NodeJS.Signals): boolean => process.emit(signal, signal),
  /** From now on this process has a lock and a hold. */
  async claim(): Promise<number> {
    owner = await TCPPortOwner.acquire();
    return owner.port;
  },
};

serve(commands);

function startDetached([program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(program, args, { detached: true, env, stdio: 'ignore' });
  child.on('error', () => undefined);
  return child;
}

function treeOf(id: number): ProcessTree {
  const tree = trees.get(id);
  if (tree === undefined) throw new Error(`There is no tree ${id}.`);
  return tree;
}
