/** A worker with servers and bystanders, alone in a network namespace, so that a test sees everybody who is left of it. */
import type { TestContext } from 'vitest';
import { isRunning } from '../../src/platform/linux/liveness.ts';
import { needNamespace } from '../support/needs.ts';
import { type Program, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { isWatchdog, type NamespaceProcess, processesInNamespaceOf } from './namespace-processes.ts';
import type { TreeCommands } from './tree-worker.program.ts';
import type { WildTree } from './wild-trees.ts';

export const treeWorkerProgram = new URL('tree-worker.program.ts', import.meta.url);

export interface TreeWorker extends Program<TreeCommands> {
  /** All in its namespace but itself, its watchdog and the bystanders. */
  readonly others: () => NamespaceProcess[];
  readonly watchdogs: () => NamespaceProcess[];
  readonly bystanders: readonly number[];
  /** @returns the id of the tree, of which then every process is there */
  readonly startUp: (tree: WildTree) => Promise<number>;
}

export async function startTreeWorker(context: TestContext): Promise<TreeWorker> {
  const worker = startProgram<TreeCommands>(treeWorkerProgram, {
    wrapper: [...needNamespace(context), 'unshare', '--ipc'],
  });
  await worker.ready;
  const everybody = processesInNamespaceOf(worker.pid);
  const bystanders = [
    await worker.call('startBystander', ['sleep', '1800'], false),
    await worker.call('startBystander', ['sleep', '1800'], true),
  ];
  const known = new Set([worker.pid, ...bystanders]);
  const others = (): NamespaceProcess[] =>
    everybody().filter((one) => !known.has(one.pid) && !isWatchdog(one));
  return {
    ...worker,
    others,
    watchdogs: () => everybody().filter(isWatchdog),
    bystanders,
    startUp: async ({ command, isUp }) => {
      const id = await worker.call('start', command);
      await until('all processes of the tree are there', () => isUp(others(), id), others);
      return id;
    },
    [Symbol.asyncDispose]: async () => {
      await worker.kill();
      await until(
        'nobody is left in the namespace',
        () => {
          const left = everybody();
          left.forEach(({ pid }) => isRunning(pid) && killIfThere(pid));
          return left.length === 0;
        },
        everybody,
      );
    },
  };
}

function killIfThere(processId: number): void {
  try {
    process.kill(processId, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
