/**
 * Vitest's setup file, which the plugin adds: tells the rest of us which test has called, also where several run at once, and
 * when a test or file has ended, after all hooks. Loaded in browsers too, where it does nothing.
 */
import * as vitest from 'vitest';
import type { RunningScope, ScopeHolder, Task } from './current-scope.ts';

type Run = () => Promise<void>;

// SYNC: current-scope.ts. Repeated here, since each import of a setup file is a message to the main process in every test file.
function scopeHolder(): ScopeHolder {
  const key = Symbol.for('portslice/vitest-scope');
  const holder = process as { [key]?: ScopeHolder };
  return (holder[key] ??= {});
}

/** Whether it does so: from Vitest 4.1 on. */
export const wrapsTests: boolean =
  typeof process === 'object' && typeof process.getBuiltinModule === 'function' && wrapTests();

function wrapTests(): boolean {
  const { aroundAll, aroundEach } = vitest as Partial<typeof vitest>;
  const isPossible = aroundAll !== undefined && aroundEach !== undefined;
  scopeHolder().wraps = isPossible;
  if (!isPossible) vitest.beforeAll(beginFile);
  aroundAll?.(wrapFile);
  aroundEach?.(wrapTest);
  return isPossible;
}

// Vitest reads the names of the wanted fixtures from their text, in which an arrow function without parentheses confuses it.
function wrapFile(run: Run): Promise<void> {
  return runInScope(undefined, run);
}

function wrapTest(run: Run, { task }: { readonly task: Task }): Promise<void> {
  return runInScope(task, run);
}

async function runInScope(task: Task | undefined, run: Run): Promise<void> {
  const { storage } = scopeHolder();
  if (storage === undefined) return run();
  const scope = newScope(task);
  try {
    await storage.run(scope, run);
  } finally {
    await end(scope);
  }
}

function newScope(task: Task | undefined): RunningScope {
  return { task, ends: [], hasEnded: false };
}

async function end(scope: RunningScope): Promise<void> {
  scope.hasEnded = true;
  if (scope.task !== undefined) scopeHolder().noteFileUses?.(scope.task);
  const errors: unknown[] = [];
  for (const endOne of scope.ends.toReversed()) await endOne().catch((error: unknown) => errors.push(error));
  // Servers that were left behind fail the test or file, once everything of it has ended.
  if (errors.length > 0) throw errors[0];
}

/** @returns what Vitest calls at the end of the file, after what the user's own hooks return */
function beginFile(): () => Promise<void> {
  const holder = scopeHolder();
  const scope = newScope(undefined);
  holder.file = scope;
  return async () => {
    holder.file = undefined;
    await end(scope);
  };
}
