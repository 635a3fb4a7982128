/** The test, file or worker for which somebody asks who belongs to no plugin. */
import type { PortScope } from './port-scope.ts';
import type { ScopeSources } from './scope-sources.ts';

// SYNC: scope-sources.ts.
function scopeSources(): ScopeSources {
  const key = Symbol.for('portslice/scope-sources');
  const holder = process as { [key]?: ScopeSources };
  return (holder[key] ??= { byRunner: new Map(), isWanted: false });
}

/** For who will look for the scope: the earlier this is said, the earlier tests that run at once are told apart. */
export function wantScopes(): void {
  const sources = scopeSources();
  if (sources.isWanted) return;
  sources.isWanted = true;
  for (const { prepare } of sources.byRunner.values()) prepare?.();
}

/** Of the test that is running, or of the file or worker whose hook is; undefined: of neither, or it cannot be told. */
export async function findScope(): Promise<PortScope | undefined> {
  for (const { find } of scopeSources().byRunner.values()) {
    const scope = await find();
    if (scope !== undefined) return scope;
  }
  return undefined;
}
