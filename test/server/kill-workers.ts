/** Kills workers with servers, and looks who is left of them. */
import type { TestContext } from 'vitest';
import { isRunning } from '../../src/platform/linux/liveness.ts';
import { until } from '../support/until.ts';
import { startTreeWorker } from './tree-worker.ts';
import type { WildTree } from './wild-trees.ts';

/** @returns once nobody but the bystanders is left of a worker that was killed when the tree was complete, its watchdog included */
export async function killWorkerOf(context: TestContext, tree: WildTree): Promise<void> {
  await using worker = await startTreeWorker(context);
  await worker.startUp(tree);
  await worker.kill();
  await until(`nobody is left of ${tree.command.join(' ')}`, () => worker.others().length === 0);
  await until('the watchdog has ended', () => worker.watchdogs().length === 0);
  const dead = worker.bystanders.filter((pid) => !isRunning(pid));
  if (dead.length > 0) throw new Error(`The bystanders ${dead.join(', ')} were killed.`);
}

/** As `killWorkerOf`, but at any moment of the start. */
export async function killStartingWorkerOf(
  context: TestContext,
  { command }: WildTree,
  afterMs: number,
): Promise<void> {
  await using worker = await startTreeWorker(context);
  worker.call('start', command).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  await worker.kill();
  await until(`nobody is left of ${command.join(' ')}`, () => worker.others().length === 0);
  await until('the watchdog has ended', () => worker.watchdogs().length === 0);
}
