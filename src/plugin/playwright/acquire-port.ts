/** Ports for whoever takes no fixture: helpers, hooks, and tests of the plain `test`. */
import type { TestInfo } from '@playwright/test';
import type { AcquireOptions } from '../../pool/api/owner-options.ts';
import type { TCPPortOwner } from '../../pool/api/tcp-port-owner.ts';
import { noTestError } from '../open-dispenser.ts';
import type { PortOptions } from '../port-dispenser.ts';
import { PortScope } from '../port-scope.ts';
import { addScopeSource } from '../scope-sources.ts';
import { currentTestInfo } from './runner-package.ts';
import { runsForWorker, testFacts } from './test-report.ts';
import { watchedScope } from './watched-tests.ts';
import { workerScope } from './worker-ports.ts';

addScopeSource('playwright', async () => Promise.resolve(currentScope()));

/** The test of our own `test` that is running. */
let current: { readonly testInfo: TestInfo; readonly scope: PortScope } | undefined;

/**
 * A port of the test that is running, from a helper or a hook that takes no fixture: released at the test's end; in a
 * `beforeAll` or `afterAll`, or in a fixture of the worker, at the worker's end.
 * @throws NoTestError where no test runs; TestEndedError; otherwise as `TCPPortOwner.acquire`
 */
export async function acquirePort(options?: AcquireOptions): Promise<TCPPortOwner> {
  const scope = currentScope();
  if (scope !== undefined) return scope.acquire(options);
  throw await noTestError(
    'acquirePort() was called while no test and no hook runs',
    'Call it in a test or a hook; elsewhere use new TCPPortOwner() and its cleanup()',
  );
}

/** A test of our own `test` begins. */
export function beginTest(testInfo: TestInfo, defaults: PortOptions): PortScope {
  const scope = new PortScope(() => testFacts('acquirePort', testInfo, defaults));
  current = { testInfo, scope };
  return scope;
}

/** It has ended, all but its fixtures that are older than ours. */
export function endTest(): void {
  current = undefined;
}

function currentScope(): PortScope | undefined {
  const testInfo = currentTestInfo();
  if (testInfo === undefined) return undefined;
  if (runsForWorker(testInfo)) return workerScope(testInfo);
  return current?.testInfo === testInfo ? current.scope : watchedScope(testInfo);
}
