/** What Vitest's worker knows of itself; Vitest gives it to fixtures of a file or worker in no other way. */

import type { RunnerTask, RunnerTestCase } from 'vitest';

interface WorkerState {
  /** What runs: a test, a suite or a file. */
  readonly current?: RunnerTask;
  readonly config?: { readonly testTimeout?: number };
}

function workerState(): WorkerState {
  return (globalThis as { __vitest_worker__?: WorkerState }).__vitest_worker__ ?? {};
}

/** The test file, relative to the root of its project. */
export function currentFile(): string {
  return workerState().current?.file.name ?? 'an unknown file';
}

/** In milliseconds; 0: none. */
export function defaultTestTimeoutMs(): number {
  return workerState().config?.testTimeout ?? 0;
}

/** The tests of the file that have begun and not ended. */
export function runningTests(): RunnerTestCase[] {
  const { current } = workerState();
  const testsOf = (task: RunnerTask): RunnerTestCase[] =>
    task.type === 'test' ? [task] : task.tasks.flatMap(testsOf);
  return current === undefined ? [] : testsOf(current.file).filter(({ result }) => result?.state === 'run');
}
