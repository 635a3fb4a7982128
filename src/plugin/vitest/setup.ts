/**
 * Vitest's setup file, which the plugin adds: tells the rest of us which test has called, also where several run at once, and
 * when a test or file has ended, after all hooks. Loaded in browsers too, where it does nothing.
 */
import * as vitest from 'vitest';
import type { PortScope } from '../port-scope.ts';
import type { ScopeSources } from '../scope-sources.ts';
import type { RunningScope, ScopeHolder, Task } from './current-scope.ts';

type Run = () => Promise<void>;

// SYNC: current-scope.ts. Repeated here, since each import of a setup file is a message to the main process in every test file.
function scopeHolder(): ScopeHolder {
  const key = Symbol.for('portslice/vitest-scope');
  const holder = process as { [key]?: ScopeHolder };
  return (holder[key] ??= {});
}

// SYNC: ../scope-sources.ts.
function scopeSources(): ScopeSources {
  const key = Symbol.for('portslice/scope-sources');
  const holder = process as { [key]?: ScopeSources };
  return (holder[key] ??= { byRunner: new Map(), isWanted: false });
}

/** Whether it does so: from Vitest 4.1 on. */
export const wrapsTests: boolean =
  typeof process === 'object' && typeof process.getBuiltinModule === 'function' && wrapTests();

function wrapTests(): boolean {
  const { aroundAll, aroundEach } = vitest as Partial<typeof vitest>;
  const isPossible = aroundAll !== undefined && aroundEach !== undefined;
  scopeHolder().wraps = isPossible;
  if (!isPossible) vitest.beforeAll(beginFile);
  serveGetPort();
  aroundAll?.(wrapFile);
  aroundEach?.(wrapTest);
  return isPossible;
}

/** In a file that does not load `portslice/vitest`, which does the same for itself. */
function serveGetPort(): void {
  const sources = scopeSources();
  // That of an earlier file in another context would ask a Vitest that has ended.
  if (sources.byRunner.get('vitest')?.context === globalThis) return;
  sources.byRunner.set('vitest', { context: globalThis, find: loadAndFind, prepare: openStorage });
  if (sources.isWanted) openStorage();
}

function openStorage(): void {
  const { AsyncLocalStorage } = process.getBuiltinModule('node:async_hooks');
  scopeHolder().storage ??= new AsyncLocalStorage();
}

/** What is loaded puts a source of its own in the place of this one. */
async function loadAndFind(): Promise<PortScope | undefined> {
  // By its path: a bundler that knew the file would split the one that everybody loads.
  const { createRequire } = process.getBuiltinModule('node:module');
  const { pathToFileURL } = process.getBuiltinModule('node:url');
  const url = pathToFileURL(createRequire(import.meta.url).resolve('portslice/vitest'));
  await import(/* @vite-ignore */ url.href);
  return scopeSources().byRunner.get('vitest')?.find();
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
  const { noteFileUses, reportFileServers } = scopeHolder();
  if (scope.task !== undefined) {
    noteFileUses?.(scope.task);
    await reportFileServers?.(scope.task);
  }
  const errors: Error[] = [];
  for (const endOne of scope.ends.toReversed()) await endOne().catch((error: Error) => errors.push(error));
  // Servers that were left behind fail the test or file, once everything of it has ended.
  if (errors.length === 1) throw errors[0] as Error;
  if (errors.length > 1) throw new AggregateError(errors, errors.map(({ message }) => message).join('\n'));
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
