/** The ports of this worker, which all its tests may use. */
import type { WorkerInfo } from '@playwright/test';
import { openDispenser } from '../open-dispenser.ts';
import type { DispenserFacts, PortDispenser } from '../port-dispenser.ts';
import { PortScope } from '../port-scope.ts';

/** Of the fixtures. */
const dispensers = new Set<PortDispenser>();
let scope: PortScope | undefined;

export async function openWorkerPorts(workerInfo: WorkerInfo): Promise<PortDispenser> {
  const dispenser = await openDispenser(workerFacts('workerPorts', workerInfo));
  dispensers.add(dispenser);
  return dispenser;
}

export async function closeWorkerPorts(dispenser: PortDispenser): Promise<void> {
  dispensers.delete(dispenser);
  await dispenser.releaseAll(false);
}

/** For `acquirePort` in hooks that run once. With Playwright's own `test` no fixture of ours ends it, only the exit. */
export function workerScope(workerInfo: WorkerInfo): PortScope {
  if (scope !== undefined) return scope;
  const opened = new PortScope(() => workerFacts('acquirePort', workerInfo));
  process.once('exit', () => opened.endAtOnce(false));
  return (scope = opened);
}

export async function endWorkerScope(): Promise<void> {
  await scope?.end(false);
  scope = undefined;
}

/** Of what every test of the worker may use. */
export function workerDispensers(): PortDispenser[] {
  return [...dispensers, ...[scope?.dispenser ?? []].flat()];
}

/** For the dispenser of what all tests of the worker may use. */
export function workerFacts(fixture: string, { parallelIndex, project }: WorkerInfo): DispenserFacts {
  return {
    fixture,
    label: `worker ${parallelIndex} of project '${project.name}'`,
    defaults: {},
    testTimeoutMs: project.timeout,
    scope: 'worker',
    onAcquire: () => undefined,
  };
}
