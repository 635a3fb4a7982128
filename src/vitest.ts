export { acquirePort } from './plugin/vitest/acquire-port.ts';
export { portFixtures, test, test as it } from './plugin/vitest/fixtures.ts';
export type { PortFixtures } from './plugin/vitest/fixtures.ts';
export type { PortOptions, Ports, PortUse, ToldRun } from './plugin/port-dispenser.ts';
export type { ProvidedRunPorts } from './plugin/vitest/provided-context.ts';
export type { Servers, ServerUse } from './plugin/server-dispenser.ts';
export type { StartServerOptions } from './server/server-options.ts';
export type { Server } from './server/server.ts';
