export { withPorts } from './plugin/playwright/with-ports.ts';
export { expect, portFixtures, test } from './plugin/playwright/fixtures.ts';
export type { PortTestFixtures, PortWorkerFixtures } from './plugin/playwright/fixtures.ts';
export type { PortOptions, Ports, PortUse } from './plugin/port-dispenser.ts';
export type { RunPoolOptions } from './plugin/run-options.ts';
