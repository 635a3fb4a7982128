export { withPorts } from './plugin/playwright/with-ports.ts';
export { acquirePort } from './plugin/playwright/acquire-port.ts';
export { portFixtures, test } from './plugin/playwright/fixtures.ts';
export { expect } from './plugin/playwright/runner-package.ts';
export type { PortTestFixtures, PortWorkerFixtures } from './plugin/playwright/fixtures.ts';
export type { PortOptions, Ports, PortUse } from './plugin/port-dispenser.ts';
export type { RunPoolOptions } from './plugin/run-options.ts';
