/**
 * Vitest's setup file, which the plugin adds: tells the rest of us which test has called, also where several run at once, and
 * when a test or file has ended, after all hooks. Loaded in browsers too, where it does nothing.
 */
import * as vitest from 'vitest';
import { type RunningScope, scopeHolder, type Task } from './current-scope.ts';

type Run = () => Promise<void>;

if (typeof process === 'object' && typeof process.getBuiltinModule === 'function') wrapTests();

function wrapTests(): void {
  // Both from Vitest 4.1 on.
  const { aroundAll, aroundEach } = vitest as Partial<typeof vitest>;
  if (aroundAll === undefined || aroundEach === undefined) {
    vitest.beforeAll(beginFile);
    return;
  }
  aroundAll(wrapFile);
  aroundEach(wrapTest);
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
  const scope: RunningScope = { task, hasEnded: false };
  try {
    await storage.run(scope, run);
  } finally {
    await end(scope);
  }
}

async function end(scope: RunningScope): Promise<void> {
  scope.hasEnded = true;
  await scope.end?.();
}

/** @returns what Vitest calls at the end of the file, after what the user's own hooks return */
function beginFile(): () => Promise<void> {
  const holder = scopeHolder();
  const scope: RunningScope = { task: undefined, hasEnded: false };
  holder.file = scope;
  return async () => {
    holder.file = undefined;
    await end(scope);
  };
}
