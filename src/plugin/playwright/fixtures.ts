/** The fixtures for Playwright Test. */
import type { Fixtures, TestType } from '@playwright/test';
import type { TCPPortOwner } from '../../pool/api/tcp-port-owner.ts';
import { openDispenser } from '../open-dispenser.ts';
import type { PortDispenser, PortOptions, Ports } from '../port-dispenser.ts';
import { beginTest, endTest } from './acquire-port.ts';
import { baseTest } from './runner-package.ts';
import { serverFixtures, type ServerTestFixtures, type ServerWorkerFixtures } from './server-fixtures.ts';
import { annotate, attachUses, errorMessages, hasFailed, testFacts } from './test-report.ts';
import { closeWorkerPorts, endWorkerScope, openWorkerPorts, workerDispensers } from './worker-ports.ts';
import { reportWorkerServers } from './worker-servers.ts';

export interface PortTestFixtures extends ServerTestFixtures {
  /** A port of this test's own. */
  port: TCPPortOwner;
  /** Any number of ports, released at the end of the test. */
  ports: Ports;
  /** Defaults for `port` and `ports`: `test.use({ portOptions: { hold: false } })`. */
  portOptions: PortOptions;
}

export interface PortWorkerFixtures extends ServerWorkerFixtures {
  /** A port of this worker's own. */
  workerPort: TCPPortOwner;
  /** Any number of ports, released at the end of the worker. */
  workerPorts: Ports;
}

/** Ours alone, and no part of the types that users see. */
interface TestFixture {
  _portsliceTest: void;
}
interface WorkerFixture {
  _portsliceWorker: void;
}

/** A fixture with its own time-out is torn down even if another teardown hangs. 0: no limit. */
const OWN_TIMEOUT = { timeout: 0 } as const;
/** In reports a step before and after each test would tell less than it takes: each is two messages to the main process. */
const NO_STEP = { box: 'self' } as const;

const ownFixtures: Fixtures<
  Omit<PortTestFixtures, keyof ServerTestFixtures> & TestFixture,
  Omit<PortWorkerFixtures, keyof ServerWorkerFixtures> & WorkerFixture
> = {
  portOptions: [{}, { option: true }],

  ports: [
    async ({ portOptions }, use, testInfo) => {
      const dispenser = await openDispenser(testFacts('ports', testInfo, portOptions));
      await use(dispenser);
      dispenser.explainFailure(errorMessages(testInfo));
      try {
        await dispenser.releaseAll(hasFailed(testInfo));
      } finally {
        attachUses(testInfo, [dispenser]);
      }
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
      const dispenser = await openWorkerPorts(workerInfo);
      await use(dispenser);
      await closeWorkerPorts(dispenser);
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

  _portsliceWorker: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      await use();
      await endWorkerScope();
    },
    { auto: true, scope: 'worker', ...OWN_TIMEOUT, ...NO_STEP },
  ],

  // Begins before the test's hooks and other fixtures, and ends after them.
  _portsliceTest: [
    async ({ portOptions }, use, testInfo) => {
      const scope = beginTest(testInfo, portOptions);
      await use();
      endTest();
      scope.dispenser?.explainFailure(errorMessages(testInfo));
      try {
        await scope.end(hasFailed(testInfo));
      } finally {
        attachUses(testInfo, [scope.dispenser ?? []].flat());
        // A worker's fixtures do not know the test, so each test notes the ports that its worker has.
        const ofWorker = workerDispensers();
        for (const port of ofWorker.flatMap(({ uses }) => uses)) annotate(testInfo, port);
        attachUses(testInfo, [...ofWorker, ...(await reportWorkerServers(testInfo))]);
      }
    },
    { auto: true, ...OWN_TIMEOUT, ...NO_STEP },
  ],
};

/** For `test.extend(portFixtures)`. */
export const portFixtures: Fixtures<PortTestFixtures, PortWorkerFixtures> = {
  ...ownFixtures,
  ...serverFixtures,
} as never;

/** Playwright's `test` with the port fixtures. */
export const test: TestType<
  PortTestFixtures & Parameters<Parameters<typeof baseTest>[2]>[0],
  PortWorkerFixtures
> = baseTest.extend(portFixtures) as never;
