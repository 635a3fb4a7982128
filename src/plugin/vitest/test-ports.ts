/** The dispensers of tests: what they are told of the test, and what is shown of their ports. */
import type { TestContext } from 'vitest';
import type { DispenserFacts, PortDispenser, PortOptions, PortUse, ToldRun } from '../port-dispenser.ts';
import { scopeHolder, type Task } from './current-scope.ts';

export function testFacts(fixture: string, task: Task, defaults: PortOptions): DispenserFacts {
  return {
    fixture,
    label: titleOf(task),
    defaults,
    testTimeoutMs: task.timeout,
    scope: 'test',
    onAcquire: (port, run) => noteUse(task, port, run),
  };
}

/** A test that has come to no end, because a hook around it failed, has failed too. */
export function hasFailed({ result }: Task): boolean {
  return result?.state !== 'pass' && result?.state !== 'skip';
}

/** @param run told with the test's file */
export function noteUse(task: Task, port: PortUse, run: ToldRun | undefined): void {
  (task.meta.portslice ??= []).push(port);
  if (run !== undefined) task.file.meta.portsliceRun ??= run;
}

/** Says more of a test that has failed. Call it when the test's hooks have run. */
export async function explainFailure(
  dispenser: PortDispenser,
  task: Task,
  annotate: TestContext['annotate'],
): Promise<void> {
  const errors = task.result?.errors ?? [];
  if (errors.length === 0 || !hasFailed(task)) return;
  dispenser.explainFailure(errors.map((error) => error.message));
  // A test must not fail because its port is shown in one place less: the meta has it.
  await Promise.allSettled(
    dispenser.uses.map(async ({ port, fixture }) =>
      annotateFailed(task, () => annotate(`TCP port ${port} (${fixture})`, 'port')),
    ),
  );
}

/**
 * Vitest accepts annotations only while a test runs, and shows them only for tests that failed, which it knows only afterwards.
 * An annotation in every test would be a message to the main process that is waited for, longer than all else that a port takes.
 * So a failed test is made to look as if it still ran, while it is annotated.
 */
export async function annotateFailed(task: Task, annotate: () => Promise<unknown>): Promise<void> {
  const result = task.result as { state: string };
  const { state } = result;
  let annotating: Promise<unknown>;
  try {
    result.state = 'run';
    annotating = annotate();
  } finally {
    result.state = state;
  }
  await annotating;
}

function titleOf(task: Task): string {
  const titles: string[] = [task.name];
  for (let suite = task.suite; suite !== undefined; suite = suite.suite) titles.unshift(suite.name);
  return [task.file.name, ...titles].join(' > ');
}

interface Ending {
  readonly task: Task;
  readonly end: (leaksFail: boolean) => Promise<void>;
}

/** Of tests that our setup file does not wrap and whose ports have not been released yet. */
const endings = new Set<Ending>();

/** Calls it after everything else of the test: its hooks and the teardown of its fixtures. */
export function atEndOf(
  task: Task,
  onTestFinished: TestContext['onTestFinished'],
  end: (leaksFail: boolean) => Promise<void>,
): void {
  const running = scopeHolder().storage?.getStore();
  if (running?.task === task) {
    running.ends.push(() => end(true));
    return;
  }
  const ending = { task, end };
  endings.add(ending);
  // Registered as the first such hook, it is called as the last.
  onTestFinished(() => finish(ending, true));
}

async function finish(ending: Ending, leaksFail: boolean): Promise<void> {
  endings.delete(ending);
  await ending.end(leaksFail);
}

/**
 * The backstop for a test whose onTestFinished hooks never ran (an aroundEach hook that throws, say): a test that has a
 * duration has ended. Its ports are taken back before the next ones are handed out.
 */
export async function finishForgotten(): Promise<void> {
  for (const ending of endings) if (ending.task.result?.duration !== undefined) await finish(ending, false);
}
