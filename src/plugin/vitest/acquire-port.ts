/** Ports for whoever takes no fixture: helpers, hooks, and tests of the plain `test`. */
import * as vitest from 'vitest';
import type { AcquireOptions } from '../../pool/api/owner-options.ts';
import type { TCPPortOwner } from '../../pool/api/tcp-port-owner.ts';
import { noTestError } from '../open-dispenser.ts';
import { PortScope } from '../port-scope.ts';
import { addScopeSource } from '../scope-sources.ts';
import { openStorage, type RunningScope, scopeHolder, type Task } from './current-scope.ts';
import { currentTest } from './current-test.ts';
import { closeFileScope, openFileScope } from './file-ports.ts';
import { atEndOf, explainFailure, finishForgotten, hasFailed, testFacts } from './test-ports.ts';
import { runningTests } from './worker-state.ts';

const FIXTURE = 'acquirePort';

const holder = scopeHolder();
const storage = openStorage();

const portScopes = new WeakMap<RunningScope, PortScope>();
/** Of tests that our setup file does not wrap, each in its present try. */
const unwrapped = new WeakMap<Task, PortScope>();

/**
 * A port of the test that is running, from a helper or a hook that takes no fixture: released at the test's end; in a
 * `beforeAll` or `afterAll`, at the end of the file.
 * @throws NoTestError where no test runs, or where it cannot be told which one has called; TestEndedError; otherwise as
 *   `TCPPortOwner.acquire`
 */
export async function acquirePort(options?: AcquireOptions): Promise<TCPPortOwner> {
  const running = storage.getStore();
  const scope = running === undefined ? await unwrappedScope() : portScopeOf(running);
  await finishForgotten();
  return scope.acquire(options);
}

function portScopeOf(running: RunningScope): PortScope {
  const known = portScopes.get(running);
  if (known !== undefined) return known;
  const { task } = running;
  const scope = task === undefined ? openFileScope(FIXTURE) : openTestScope(task);
  const end = (): Promise<void> => (task === undefined ? closeFileScope(scope) : endTestScope(scope, task));
  running.ends.push(end);
  // Of a test that goes on after its end.
  if (running.hasEnded) void end();
  portScopes.set(running, scope);
  return scope;
}

function openTestScope(task: Task): PortScope {
  return new PortScope(() => testFacts(FIXTURE, task, vitest.inject('portOptions') ?? {}));
}

async function endTestScope(scope: PortScope, task: Task, leaksFail = true): Promise<void> {
  // A body that goes on gets nothing more, also while Vitest is told.
  const explained = scope.dispenser && explainFailure(scope.dispenser, task, task.context.annotate);
  try {
    await scope.end(hasFailed(task), leaksFail);
  } finally {
    await explained;
  }
}

/** For `getPort`, which has the process as the last resort where `acquirePort` throws. */
async function findScope(): Promise<PortScope | undefined> {
  await finishForgotten();
  const running = storage.getStore();
  if (running !== undefined) return portScopeOf(running);
  const task = await currentTest();
  if (task !== undefined && !othersRun(task)) return unwrappedTestScope(task);
  return holder.file && portScopeOf(holder.file);
}

addScopeSource('vitest', findScope);

function othersRun(task: Task | undefined): boolean {
  return runningTests().some((other) => other !== task);
}

function unwrappedTestScope(task: Task): PortScope {
  return unwrapped.get(task) ?? openUnwrapped(task);
}

/** Without the plugin, or in Vitest 3, all that is known is which test was started last. */
async function unwrappedScope(): Promise<PortScope> {
  const task = await currentTest();
  if (othersRun(task)) {
    throw await noTestError(
      'Several tests run at once, and acquirePort() cannot tell which of them has called it',
      "Use the fixture port or ports; or, from Vitest 4.1 on, add portslice's plugin to the configuration of this project",
    );
  }
  if (task !== undefined) return unwrappedTestScope(task);
  if (holder.file !== undefined) return portScopeOf(holder.file);
  throw await noTestError(
    'acquirePort() was called where no test runs',
    "Call it in a test or a beforeEach, or in a beforeAll if the configuration of this project has portslice's plugin; " +
      'elsewhere use new TCPPortOwner() and its cleanup()',
  );
}

function openUnwrapped(task: Task): PortScope {
  const scope = openTestScope(task);
  atEndOf(task, task.context.onTestFinished, async (leaksFail) => {
    unwrapped.delete(task);
    await endTestScope(scope, task, leaksFail);
  });
  unwrapped.set(task, scope);
  return scope;
}
