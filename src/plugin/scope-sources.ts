/**
 * Where `getPort` learns for whom it was called: the plugin of each runner tells the scope of the test that is running, since
 * whoever uses one runner may not have the other. Kept on `process`: Vitest loads its setup file by Vite, and with an override
 * npm installs two copies of this package.
 */
import type { PortScope } from './port-scope.ts';

export interface ScopeSource {
  /** The global object of the context that the source belongs to: Vitest's vm pools have one for each test file. */
  readonly context: typeof globalThis;
  /** Undefined: nothing of this runner runs, or it cannot be told which of several tests has called. */
  readonly find: () => Promise<PortScope | undefined>;
  /** Called once somebody may ask. From then on `find` can tell tests apart that run at once, if the runner can. */
  readonly prepare?: () => void;
}

export interface ScopeSources {
  readonly byRunner: Map<string, ScopeSource>;
  isWanted: boolean;
}

// SYNC: find-scope.ts and vitest/setup.ts have copies: neither shares a file of the built package with this one.
function scopeSources(): ScopeSources {
  const key = Symbol.for('portslice/scope-sources');
  const holder = process as { [key]?: ScopeSources };
  return (holder[key] ??= { byRunner: new Map(), isWanted: false });
}

export function addScopeSource(runner: string, find: ScopeSource['find']): void {
  scopeSources().byRunner.set(runner, { context: globalThis, find });
}
