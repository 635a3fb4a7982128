/**
 * Which worker of a runner this thread is, told by what the runner leaves in its workers. A hint only: runners use
 * their numbers again before the old worker is gone. Processes that a test starts inherit a worker's environment, but
 * not its globals and not its parent: they are no workers.
 */
import { readVariable } from '../../platform/environment.ts';

interface Runner {
  readonly name: string;
  /** The environment of its workers, and of what they start, has it. */
  readonly variable: string;
  /** The worker that this thread is, from 1, as the worker slices count; undefined: none of this runner's. */
  hint(creatorProcessId: number): number | undefined;
  /** Undefined where this runner does not tell. */
  isFirstWorker(): boolean | undefined;
}

/** The innermost first: tests of one runner may start another one. A new plugin adds a row. */
const RUNNERS: readonly Runner[] = [
  {
    name: 'tinypool',
    variable: 'TINYPOOL_WORKER_ID',
    // It numbers from 1, each pool by itself.
    hint: () => {
      const state = (process as { __tinypool_state__?: { workerId?: number } }).__tinypool_state__;
      return toHint(state?.workerId);
    },
    // Its workers have no test to tell anything of.
    isFirstWorker: () => undefined,
  },
  {
    name: 'vitest',
    variable: 'VITEST_WORKER_ID',
    // It numbers from 1. Its worker state is a global of the worker, in its vm pools of each test file's context.
    hint: () => (isVitestWorker() ? toHint(readVariable('VITEST_POOL_ID')) : undefined),
    isFirstWorker: () => (isVitestWorker() ? isFirstOfVitest() : undefined),
  },
  {
    name: 'playwright',
    variable: 'TEST_WORKER_INDEX',
    // It numbers from 0, and starts its workers itself: their parent is the process that made the pool.
    hint: (creatorProcessId) => {
      const index = readVariable('TEST_PARALLEL_INDEX');
      return index !== undefined && process.ppid === creatorProcessId ? toHint(Number(index) + 1) : undefined;
    },
    isFirstWorker: () => isNumber('TEST_WORKER_INDEX', '0'),
  },
];

/** From 1, as the worker slices count; undefined: no worker. */
export function workerHint(creatorProcessId: number): number | undefined {
  for (const runner of RUNNERS) {
    const hint = runner.hint(creatorProcessId);
    if (hint !== undefined) return hint;
  }
  return undefined;
}

/** Whether this is the run's first worker, which tells what concerns the whole run and needs to be told once. */
export function isFirstWorker(): boolean {
  const answers = RUNNERS.map((runner) => runner.isFirstWorker());
  return answers.find((answer) => answer !== undefined) ?? true;
}

/** Whether this process is a worker of a test runner, or was started by one. */
export function isRunnersWorker(): boolean {
  return isVitestWorker() || RUNNERS.some(({ variable }) => readVariable(variable) !== undefined);
}

function isVitestWorker(): boolean {
  return (globalThis as { __vitest_worker__?: unknown }).__vitest_worker__ !== undefined;
}

/** By VITEST_WORKER_ID it counts from 1, in its version 4 from 0: there the worker with 1 is the second one. */
function isFirstOfVitest(): boolean | undefined {
  const number = readVariable('VITEST_WORKER_ID');
  if (number === undefined) return undefined;
  return number === '0' || (number === '1' && !countsFromZero());
}

/** A worker of Vitest is a script of Vitest's, or a thread of a process that is one, or of one beside whose script it is installed. */
function countsFromZero(): boolean {
  const { createRequire } = process.getBuiltinModule('node:module');
  try {
    const { version } = createRequire(process.argv[1] ?? '')('vitest/package.json') as { version: string };
    return version.startsWith('4.');
  } catch {
    // Then the first two workers tell it.
    return false;
  }
}

function isNumber(variable: string, first: string): boolean | undefined {
  const number = readVariable(variable);
  return number === undefined ? undefined : number === first;
}

function toHint(value: number | string | undefined): number | undefined {
  const hint = Number(value);
  return Number.isInteger(hint) && hint > 0 ? hint : undefined;
}
