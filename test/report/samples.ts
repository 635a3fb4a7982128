/** Reports with everything that a report can have in it, and with as little. The types see to it that no field is left out. */
import type { PortsReport, PortUseReport, ServerUseReport, TestReport } from '../../src/report/format.ts';

const range = { firstPort: 20_000, lastPort: 20_999 };

export const portUse: PortUseReport = {
  port: 20_001,
  fixture: 'port',
  slice: 1,
  borrowed: true,
  waitedMs: 12,
  acquiredAtMs: 1_000,
  releasedAtMs: 2_000,
  state: 'leaked',
  leakedBy: [{ processId: 4711, command: 'node server.js' }],
};

export const serverUse: ServerUseReport = {
  fixture: 'server',
  command: 'node server.js 20002',
  ports: { port: 20_002, admin: 20_003 },
  processId: 4712,
  startedAtMs: 1_100,
  readyAfterMs: 80,
  endedAtMs: 1_900,
  exitCode: 1,
  signal: 'SIGKILL',
};

export const testReport: TestReport = {
  id: 'abc-0',
  machine: 0,
  worker: 1,
  project: 'web',
  file: 'shop/cart.spec.ts',
  line: 7,
  titles: ['cart', 'is empty'],
  outcome: 'passed',
  retry: 0,
  startedAtMs: 990,
  durationMs: 1_100,
  ports: [portUse],
  servers: [serverUse],
};

export const complete: PortsReport = {
  version: 1,
  generator: { name: 'portslice', version: '0.1.0' },
  runner: { name: 'playwright', version: '1.65.1' },
  startedAtMs: 900,
  endedAtMs: 3_000,
  machines: [
    {
      hostName: 'builder',
      platform: 'linux 6.12 x64',
      shard: { current: 1, total: 2 },
      clockAheadMs: 4,
      pool: {
        runId: '00112233445566778899aabbccddeeff',
        ranges: [range],
        portCount: 1_000,
        slices: [{ number: 0, ranges: [range] }],
        excluded: [{ firstPort: 6000, lastPort: 6000, reason: 'browsers refuse them' }],
        foreignListeners: [{ port: 20_500, processId: 12, command: 'redis-server' }],
      },
    },
  ],
  tests: [testReport],
  testsWithoutPorts: 3,
  shared: [
    {
      machine: 0,
      worker: 1,
      scope: 'file',
      file: 'shop/cart.spec.ts',
      ports: [portUse],
      servers: [serverUse],
    },
  ],
  summary: {
    poolPortCount: 1_000,
    handedOut: 2,
    peak: { portCount: 2, atMs: 1_500, machine: 0, worker: 1 },
    waits: { count: 1, totalMs: 12, longestMs: 12 },
    borrowed: 2,
    sealed: 0,
    leaks: 2,
    servers: { count: 2, failed: 0, slowestReadyMs: 80 },
  },
};

const barePort: PortUseReport = {
  ...portUse,
  slice: undefined,
  releasedAtMs: undefined,
  state: undefined,
  leakedBy: [{ processId: undefined, command: undefined }],
};
const bareServer: ServerUseReport = {
  ...serverUse,
  processId: undefined,
  readyAfterMs: undefined,
  endedAtMs: undefined,
  exitCode: undefined,
  signal: undefined,
};
const [machine] = complete.machines as [PortsReport['machines'][number]];
const pool = machine.pool as NonNullable<typeof machine.pool>;
const listener = { port: 20_500, processId: undefined, command: undefined };

/** Everything that may be undefined is. */
export const bare: PortsReport = {
  ...complete,
  machines: [
    { ...machine, shard: undefined, clockAheadMs: undefined, pool: undefined },
    { ...machine, shard: undefined, clockAheadMs: undefined, pool: { ...pool, foreignListeners: undefined } },
    {
      ...machine,
      shard: undefined,
      clockAheadMs: undefined,
      pool: { ...pool, foreignListeners: [listener] },
    },
  ],
  tests: [{ ...testReport, line: undefined, ports: [barePort], servers: [bareServer] }],
  shared: [
    { machine: 0, worker: -1, scope: 'run', file: undefined, ports: [barePort], servers: [bareServer] },
  ],
  summary: {
    ...complete.summary,
    peak: undefined,
    servers: { count: 2, failed: 0, slowestReadyMs: undefined },
  },
};
