/** What reports show of the ports of a test. */
import type { TestInfo } from '@playwright/test';
import type { DispenserFacts, PortOptions, PortUse } from '../port-dispenser.ts';

/** For the dispenser of a test's own ports. */
export function testFacts(fixture: string, testInfo: TestInfo, defaults: PortOptions): DispenserFacts {
  return {
    fixture,
    label: testInfo.titlePath.join(' > '),
    defaults,
    testTimeoutMs: testInfo.timeout,
    servesOneTest: true,
    onAcquire: (port) => annotate(testInfo, port),
  };
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

/** Not by `attach()`, which makes a step, and a folder for files. */
export function attachUses(testInfo: TestInfo, uses: readonly PortUse[]): void {
  if (uses.length === 0) return;
  const body = Buffer.from(JSON.stringify(uses));
  testInfo.attachments.push({ name: 'portslice', contentType: 'application/json', body });
}
