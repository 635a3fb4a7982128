/** The fixtures for Playwright Test. */
import { test as base, type Fixtures, type TestInfo, type TestType } from '@playwright/test';
import type { TCPPortOwner } from '../../pool/api/tcp-port-owner.ts';
import { openDispenser } from '../open-dispenser.ts';
import type { PortDispenser, PortOptions, Ports, PortUse } from '../port-dispenser.ts';

export interface PortTestFixtures {
  /** A port of this test's own. */
  port: TCPPortOwner;
  /** Any number of ports, released at the end of the test. */
  ports: Ports;
  /** Defaults for `port` and `ports`: `test.use({ portOptions: { hold: false } })`. */
  portOptions: PortOptions;
}

export interface PortWorkerFixtures {
  /** A port of this worker's own. */
  workerPort: TCPPortOwner;
  /** Any number of ports, released at the end of the worker. */
  workerPorts: Ports;
}

/** Ours alone, and no part of the types that users see. */
interface ReportFixture {
  _portsliceReport: void;
}

/** A fixture with its own time-out is torn down even if another teardown hangs. 0: no limit. */
const OWN_TIMEOUT = { timeout: 0 } as const;
/** In reports a step before and after each test would tell less than it takes: each is two messages to the main process. */
const NO_STEP = { box: 'self' } as const;

/** The dispensers of this worker, whose ports every test of the worker may use. */
const workerDispensers = new Set<PortDispenser>();

const allFixtures: Fixtures<PortTestFixtures & ReportFixture, PortWorkerFixtures> = {
  portOptions: [{}, { option: true }],

  ports: [
    async ({ portOptions }, use, testInfo) => {
      const dispenser = await openDispenser({
        fixture: 'ports',
        label: testInfo.titlePath.join(' > '),
        defaults: portOptions,
        testTimeoutMs: testInfo.timeout,
        servesOneTest: true,
        onAcquire: (port) => annotate(testInfo, port),
      });
      await use(dispenser);
      dispenser.explainFailure(testInfo.errors.map((error) => error.message ?? ''));
      await dispenser.releaseAll(hasFailed(testInfo));
      attachUses(testInfo, dispenser.uses);
    },
    { ...OWN_TIMEOUT, ...NO_STEP, title: 'TCP ports' },
  ],

  port: [
    async ({ ports }, use) => {
      const [owner] = await (ports as PortDispenser).acquireFor('port', 1);
      await use(owner as TCPPortOwner);
    },
    { ...OWN_TIMEOUT, ...NO_STEP, title: 'TCP port' },
  ],

  workerPorts: [
    // Playwright reads the names of the wanted fixtures from the pattern.
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use, workerInfo) => {
      const dispenser = await openDispenser({
        fixture: 'workerPorts',
        label: `worker ${workerInfo.parallelIndex} of project '${workerInfo.project.name}'`,
        defaults: {},
        testTimeoutMs: workerInfo.project.timeout,
        servesOneTest: false,
        onAcquire: () => undefined,
      });
      workerDispensers.add(dispenser);
      await use(dispenser);
      workerDispensers.delete(dispenser);
      await dispenser.releaseAll(false);
    },
    { ...OWN_TIMEOUT, scope: 'worker', title: 'TCP ports of the worker' },
  ],

  workerPort: [
    async ({ workerPorts }, use) => {
      const [owner] = await (workerPorts as PortDispenser).acquireFor('workerPort', 1);
      await use(owner as TCPPortOwner);
    },
    { ...OWN_TIMEOUT, scope: 'worker', title: 'TCP port of the worker' },
  ],

  // A worker's fixtures do not know the test, so each test notes the ports that its worker has.
  _portsliceReport: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use, testInfo) => {
      await use();
      const uses = [...workerDispensers].flatMap((dispenser) => dispenser.uses);
      for (const port of uses) annotate(testInfo, port);
      attachUses(testInfo, uses);
    },
    { auto: true, ...NO_STEP },
  ],
};

/** For `test.extend(portFixtures)`. */
export const portFixtures: Fixtures<PortTestFixtures, PortWorkerFixtures> = allFixtures as never;

export { expect } from '@playwright/test';

/** Playwright's `test` with the port fixtures. */
export const test: TestType<
  PortTestFixtures & Parameters<Parameters<typeof base>[2]>[0],
  PortWorkerFixtures
> = base.extend(portFixtures) as never;

function annotate(testInfo: TestInfo, { fixture, port }: PortUse): void {
  testInfo.annotations.push({ type: fixture, description: String(port) });
}

/** A test that was expected to fail has failed all the same: its body may still run. */
function hasFailed({ errors, status }: TestInfo): boolean {
  return errors.length > 0 || status === 'timedOut' || status === 'interrupted';
}

/** Not by `attach()`, which makes a step, and a folder for files. */
function attachUses(testInfo: TestInfo, uses: readonly PortUse[]): void {
  if (uses.length === 0) return;
  const body = Buffer.from(JSON.stringify(uses));
  testInfo.attachments.push({ name: 'portslice', contentType: 'application/json', body });
}
