import { openDispenser } from '../open-dispenser.ts';
/** The ports of files and workers, which all their tests may use. */
import type { DispenserFacts, PortDispenser, PortUse } from '../port-dispenser.ts';
import { PortScope } from '../port-scope.ts';
import { currentFile, defaultTestTimeoutMs } from './worker-state.ts';

/** In use, of the fixtures. */
const dispensers = new Set<PortDispenser>();
/** In use, of `acquirePort`. */
const scopes = new Set<PortScope>();

export async function openFilePorts(fixture: string): Promise<PortDispenser> {
  const dispenser = await openDispenser(fileFacts(fixture));
  dispensers.add(dispenser);
  return dispenser;
}

export async function closeFilePorts(dispenser: PortDispenser): Promise<void> {
  dispensers.delete(dispenser);
  await dispenser.releaseAll(false);
}

export function openFileScope(fixture: string): PortScope {
  const scope = new PortScope(() => fileFacts(fixture));
  scopes.add(scope);
  return scope;
}

export async function closeFileScope(scope: PortScope): Promise<void> {
  scopes.delete(scope);
  await scope.end(false);
}

/** What every test of the file may use. */
export function fileUses(): PortUse[] {
  const all = [...dispensers, ...[...scopes].map(({ dispenser }) => dispenser)];
  return all.flatMap((dispenser) => dispenser?.uses ?? []);
}

function fileFacts(fixture: string): DispenserFacts {
  return {
    fixture,
    label: `${fixture} of ${currentFile()}`,
    defaults: {},
    testTimeoutMs: defaultTestTimeoutMs(),
    servesOneTest: false,
    onAcquire: () => undefined,
  };
}
