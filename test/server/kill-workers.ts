/** Kills workers with servers, and looks who is left of them. */
import { expect, type TestContext } from 'vitest';
import { isRunning } from '../../src/platform/linux/liveness.ts';
import { until } from '../support/until.ts';
import type { NamespaceProcess } from './namespace-processes.ts';
import { startTreeWorker, type TreeWorker } from './tree-worker.ts';
import type { WildTree } from './wild-trees.ts';

/** Kills the worker when the tree is complete. */
export async function expectNothingOutlives(context: TestContext, tree: WildTree): Promise<void> {
  await using worker = await startTreeWorker(context);
  await worker.startUp(tree);
  await worker.kill();
  await expectNobodyLeftOf(worker);
}

/** Kills the worker at any moment of the start. */
export async function expectNothingOutlivesStart(
  context: TestContext,
  { command }: WildTree,
  afterMs: number,
): Promise<void> {
  await using worker = await startTreeWorker(context);
  worker.call('start', command).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  await worker.kill();
  await expectNobodyLeftOf(worker);
}

/** But the bystanders; the watchdog has ended, too. */
export async function expectNobodyLeftOf(worker: TreeWorker): Promise<void> {
  const left = (): NamespaceProcess[] => [...worker.others(), ...worker.watchdogs()];
  await until('nobody is left', () => left().length === 0, left);
  expect(worker.bystanders.filter((pid) => !isRunning(pid))).toEqual([]);
}
