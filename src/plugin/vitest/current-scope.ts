/**
 * Whose ports `acquirePort` hands out: told by our setup file, which Vitest runs before each test file and which wraps tests
 * and files. It is kept on `process`: the setup file is loaded by Vite, the rest of us by Node.
 */
import type { AsyncLocalStorage } from 'node:async_hooks';
import type { RunnerTestCase } from 'vitest';

export type Task = Readonly<RunnerTestCase>;

/** One try of a test, or the hooks of a file that run once. */
export interface RunningScope {
  /** Undefined: the file. */
  readonly task: Task | undefined;
  /** Called one after another, the last one first, when everything else of the scope has ended. */
  readonly ends: (() => Promise<void>)[];
  hasEnded: boolean;
}

export interface ScopeHolder {
  /** Whether our setup file wraps each test of the file that runs, and the file. */
  wraps?: boolean;
  /** Made when `portslice/vitest` is loaded: a file that does not import it pays nothing. */
  storage?: AsyncLocalStorage<RunningScope>;
  /** In Vitest 3, which cannot wrap tests. */
  file?: RunningScope | undefined;
  /** At the end of each test, once a file or worker has ports. */
  noteFileUses?: (task: Task) => void;
  /** At the end of each test, once a file or worker has servers. */
  reportFileServers?: (task: Task) => Promise<void>;
}

// SYNC: setup.ts has a copy.
export function scopeHolder(): ScopeHolder {
  const key = Symbol.for('portslice/vitest-scope');
  const holder = process as { [key]?: ScopeHolder };
  return (holder[key] ??= {});
}

export function openStorage(): AsyncLocalStorage<RunningScope> {
  const { AsyncLocalStorage: Storage } = process.getBuiltinModule('node:async_hooks');
  return (scopeHolder().storage ??= new Storage());
}
