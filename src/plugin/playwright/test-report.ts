/** What reports show of the ports of a test. */
import type { TestInfo } from '@playwright/test';
import type { DispenserFacts, PortDispenser, PortOptions, PortUse } from '../port-dispenser.ts';

/** For the dispenser of a test's own ports. */
export function testFacts(
  fixture: string,
  testInfo: TestInfo,
  defaults: PortOptions,
  onAcquire: DispenserFacts['onAcquire'] = (port) => annotate(testInfo, port),
): DispenserFacts {
  return {
    fixture,
    label: labelOf(testInfo),
    defaults,
    // It can be changed while the test runs.
    get testTimeoutMs() {
      return testInfo.timeout;
    },
    scope: 'test',
    onAcquire,
  };
}

/** Taken in such a hook, a test's port is taken back at the hook's end, though servers of all tests are started there. */
function labelOf(testInfo: TestInfo): string {
  const title = testInfo.titlePath.join(' > ');
  return servesAllTests(testInfo) ? `${title} (its beforeAll or afterAll: use workerPort there)` : title;
}

/** Playwright runs such hooks as a part of the first or last test of a file, and tells it apart in no public way. */
function servesAllTests(testInfo: TestInfo): boolean {
  const type = runnableOf(testInfo)?.type;
  return type === 'beforeAll' || type === 'afterAll';
}

/** In such a hook, or in a fixture of the worker, which always has a time-out of its own. */
export function runsForWorker(testInfo: TestInfo): boolean {
  return servesAllTests(testInfo) || runnableOf(testInfo)?.fixture?.slot !== undefined;
}

interface Runnable {
  readonly type?: string;
  readonly fixture?: { readonly slot?: object };
}

function runnableOf(testInfo: TestInfo): Runnable | undefined {
  const { _timeoutManager: manager } = testInfo as {
    _timeoutManager?: { _running?: { runnable?: Runnable } };
  };
  return manager?._running?.runnable;
}

export function annotate(testInfo: TestInfo, { fixture, port }: PortUse): void {
  testInfo.annotations.push({ type: fixture, description: String(port) });
}

/** A test that was expected to fail has failed all the same: its body may still run. */
export function hasFailed({ errors, status }: TestInfo): boolean {
  return errors.length > 0 || status === 'timedOut' || status === 'interrupted';
}

export function errorMessages({ errors }: TestInfo): string[] {
  return errors.map((error) => error.message ?? '');
}

let hasToldRun = false;

export function attachUses(testInfo: TestInfo, dispensers: readonly PortDispenser[]): void {
  const uses = dispensers.flatMap((dispenser) => dispenser.uses);
  if (uses.length === 0) return;
  attachJSON(testInfo, 'portslice', JSON.stringify(uses));
  if (hasToldRun) return;
  hasToldRun = true;
  const { facts } = dispensers[0]?.toldRun ?? {};
  // With this beginning it is in blobs, but no reporter shows it.
  if (facts !== undefined) attachJSON(testInfo, '_portslice-run', facts);
}

/** Not by `attach()`, which makes a step, and a folder for files. */
export function attachJSON(testInfo: TestInfo, name: string, text: string): void {
  testInfo.attachments.push({ name, contentType: 'application/json', body: Buffer.from(text) });
}
