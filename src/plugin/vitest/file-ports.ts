/** The ports of files and workers, which all their tests may use. */
import { openDispenser } from '../open-dispenser.ts';
import type { DispenserFacts, PortDispenser } from '../port-dispenser.ts';
import { PortScope } from '../port-scope.ts';
import { scopeHolder, type Task } from './current-scope.ts';
import { noteUse } from './test-ports.ts';
import { currentFile, defaultTestTimeoutMs } from './worker-state.ts';

/** In use, of the fixtures. */
const dispensers = new Set<PortDispenser>();
/** In use, of `acquirePort`. */
const scopes = new Set<PortScope>();

export async function openFilePorts(fixture: string): Promise<PortDispenser> {
  const dispenser = await openDispenser(fileFacts(fixture));
  dispensers.add(dispenser);
  scopeHolder().noteFileUses = noteFileUses;
  return dispenser;
}

/** @param leaksFail as for `PortDispenser.releaseAll`. Vitest tells nobody of an error in the teardown of a worker. */
export async function closeFilePorts(dispenser: PortDispenser, leaksFail: boolean): Promise<void> {
  dispensers.delete(dispenser);
  await dispenser.releaseAll(false, leaksFail);
}

export function openFileScope(fixture: string): PortScope {
  const scope = new PortScope(() => fileFacts(fixture));
  scopes.add(scope);
  scopeHolder().noteFileUses = noteFileUses;
  return scope;
}

export async function closeFileScope(scope: PortScope): Promise<void> {
  scopes.delete(scope);
  await scope.end(false);
}

/** The ports of files and workers do not know the test, so each test notes those that it may have used. */
export function noteFileUses(task: Task): void {
  for (const dispenser of [...dispensers, ...[...scopes].map((scope) => scope.dispenser)])
    for (const port of dispenser?.uses ?? []) noteUse(task, port, dispenser?.toldRun);
}

/** For the dispenser of what all tests of the file or worker may use. */
export function fileFacts(fixture: string): DispenserFacts {
  return {
    fixture,
    label: `${fixture} of ${currentFile()}`,
    defaults: {},
    testTimeoutMs: defaultTestTimeoutMs(),
    scope: fixture.startsWith('worker') ? 'worker' : 'file',
    onAcquire: () => undefined,
  };
}
