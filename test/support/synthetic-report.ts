/** Reports of runs that never were: the same for the same seed, as large as wanted, with everything that a report can have in it. */
import type {
  MachineReport,
  PortsReport,
  PortUseReport,
  ServerUseReport,
  SharedReport,
  TestReport,
} from '../../src/report/format.ts';

export interface Wanted {
  readonly testCount: number;
  readonly seed?: number;
  readonly machineCount?: number;
  readonly workersPerMachine?: number;
  /** Real pools have thousands of ports for a worker. */
  readonly slicePortCount?: number;
  /** Replace the titles of the first tests. */
  readonly titles?: readonly (readonly string[])[];
}

const START_MS = Date.UTC(2026, 10, 26, 9, 30);
const FIRST_PORT = 20_000;
const AREAS = ['checkout', 'catalog', 'account', 'search', 'admin', 'payments', 'webhooks', 'live chat'];
const VERBS = ['shows', 'rejects', 'saves', 'retries', 'streams', 'reloads', 'expires', 'sorts'];
const THINGS = [
  'an order that was paid twice',
  'the cart after a restart of the server',
  'a session of another tab',
  'a coupon',
  'the address of the invoice',
  'an empty list',
  'ten thousand rows',
  'a file that is too large',
];
const COMMANDS = [
  'node server.js',
  'python3 -m http.server',
  'node dist/api.js --memory',
  'postgres -D data',
];

/** Numbers from 0 to 1, as mulberry32 makes them. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function syntheticReport(wanted: Wanted): PortsReport {
  const {
    testCount,
    seed = 1,
    machineCount = 1,
    workersPerMachine = 4,
    slicePortCount = 60,
    titles = [],
  } = wanted;
  const random = randomNumbers(seed);
  const machines = Array.from({ length: machineCount }, (_, index) =>
    machineOf(index, machineCount, workersPerMachine, slicePortCount),
  );
  const clocks = machines.map(() =>
    Array.from({ length: workersPerMachine }, () => START_MS + random() * 300),
  );
  const tests = Array.from({ length: testCount }, (_, index) => {
    const machine = Math.floor((index * machineCount) / testCount);
    const clock = clocks[machine] as number[];
    const worker = clock.indexOf(Math.min(...clock));
    const startedAtMs = (clock[worker] as number) + (machines[machine]?.clockAheadMs ?? 0);
    const test = testOf({
      index,
      machine,
      worker,
      startedAtMs,
      random,
      slicePortCount,
      titles: titles[index],
    });
    clock[worker] = (clock[worker] as number) + test.durationMs + 5 + random() * 40;
    return test;
  });
  const endedAtMs = Math.max(...clocks.flat()) + 200;
  const shared = machines.flatMap((_, machine) =>
    sharedOf(machine, workersPerMachine, slicePortCount, endedAtMs),
  );
  const report = { machines, tests: tests.toSorted((a, b) => a.startedAtMs - b.startedAtMs), shared };
  return {
    version: 1,
    generator: { name: 'portslice', version: '0.1.0' },
    runner: { name: 'playwright', version: '1.65.1' },
    startedAtMs: START_MS,
    endedAtMs,
    ...report,
    testsWithoutPorts: Math.round(testCount / 3),
    summary: summaryOf(report),
  };
}

function machineOf(
  index: number,
  machineCount: number,
  workers: number,
  slicePortCount: number,
): MachineReport {
  const slices = Array.from({ length: workers + 1 }, (_, number) => {
    const firstPort = FIRST_PORT + number * slicePortCount;
    return { number, ranges: [{ firstPort, lastPort: firstPort + slicePortCount - 1 }] };
  });
  const lastPort = FIRST_PORT + (workers + 1) * slicePortCount - 1;
  const badPort = FIRST_PORT + 48;
  return {
    hostName: `ci-runner-${index + 1}`,
    platform: 'linux 6.12 x64',
    shard: machineCount === 1 ? undefined : { current: index + 1, total: machineCount },
    clockAheadMs: index === 0 ? undefined : (index % 2 === 0 ? 1 : -1) * 37 * index,
    pool: {
      runId: (index + 1).toString(16).padStart(32, '0'),
      ranges: [
        { firstPort: FIRST_PORT, lastPort: badPort - 1 },
        { firstPort: badPort + 1, lastPort },
      ],
      portCount: lastPort - FIRST_PORT,
      slices: slices.map(({ number, ranges }) =>
        number === 0
          ? {
              number,
              ranges: [
                { firstPort: FIRST_PORT, lastPort: badPort - 1 },
                { firstPort: badPort + 1, lastPort: FIRST_PORT + slicePortCount - 1 },
              ],
            }
          : { number, ranges },
      ),
      excluded: [
        { firstPort: badPort, lastPort: badPort, reason: 'excluded by the options' },
        { firstPort: 32_768, lastPort: 60_999, reason: 'the ephemeral range' },
      ],
      foreignListeners: [{ port: FIRST_PORT + 130, processId: 812, command: 'redis-server *:20130' }],
    },
  };
}

interface TestPlan {
  readonly index: number;
  readonly machine: number;
  readonly worker: number;
  readonly startedAtMs: number;
  readonly random: () => number;
  readonly slicePortCount: number;
  readonly titles: readonly string[] | undefined;
}

function testOf({
  index,
  machine,
  worker,
  startedAtMs,
  random,
  slicePortCount,
  titles,
}: TestPlan): TestReport {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const chance = (share: number): boolean => random() < share;
  const area = pick(AREAS);
  const durationMs = 40 + random() ** 3 * 1_800;
  const waitedMs = chance(0.01) ? 80 + random() * 700 : 0;
  const failed = chance(0.015);
  const leaked = chance(index === 3 ? 1 : 0.004);
  const plan = {
    worker,
    slicePortCount,
    startedAtMs: startedAtMs + waitedMs,
    endedAtMs: startedAtMs + waitedMs + durationMs,
  };
  const ports = Array.from({ length: chance(0.15) ? 2 : 1 }, (_, place) =>
    portOf({ ...plan, index: index * 2 + place, failed, leaked: leaked && place === 0, chance, waitedMs }),
  );
  const [first] = ports as [PortUseReport];
  const hasServer = first.fixture === 'server';
  const command = pick(COMMANDS);
  const startsMs = 15 + random() * 120;
  return {
    id: `test-${index}`,
    machine,
    worker,
    project: index % 3 === 0 ? 'firefox' : 'chromium',
    file: `tests/${area.replaceAll(' ', '-')}/${pick(VERBS)}.spec.ts`,
    line: 10 + (index % 190),
    titles: titles ?? [area, `${pick(VERBS)} ${pick(THINGS)} (${index})`],
    outcome: failed ? pick(['failed', 'timedOut'] as const) : 'passed',
    retry: failed && chance(0.3) ? 1 : 0,
    startedAtMs,
    durationMs: durationMs + waitedMs,
    ports,
    servers: hasServer ? [serverOf(plan, first.port, command, startsMs, failed && chance(0.4))] : [],
  };
}

interface PortPlan {
  readonly index: number;
  readonly slicePortCount: number;
  readonly worker: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly failed: boolean;
  readonly leaked: boolean;
  readonly waitedMs: number;
  readonly chance: (share: number) => boolean;
}

function portOf({ index, worker, slicePortCount, chance, ...plan }: PortPlan): PortUseReport {
  const borrowed = chance(0.02);
  const slice = borrowed ? 0 : worker + 1;
  return {
    port: FIRST_PORT + slice * slicePortCount + (index % (slicePortCount - 13)),
    fixture: chance(0.6) ? 'server' : 'port',
    slice,
    borrowed,
    waitedMs: plan.waitedMs,
    acquiredAtMs: plan.startedAtMs + 3,
    releasedAtMs: chance(0.003) ? undefined : plan.endedAtMs,
    state: plan.leaked ? 'leaked' : plan.failed ? 'sealed' : 'free',
    leakedBy: plan.leaked ? [{ processId: 4_000 + index, command: 'node dist/worker.js --detached' }] : [],
  };
}

function serverOf(
  { startedAtMs, endedAtMs }: Pick<PortPlan, 'startedAtMs' | 'endedAtMs'>,
  port: number,
  command: string,
  startsMs: number,
  neverReady: boolean,
): ServerUseReport {
  const lengthMs = endedAtMs - startedAtMs;
  return {
    fixture: 'server',
    command: command.replace('data', `data-${port}`),
    ports: { PORT: port },
    processId: 10_000 + port,
    startedAtMs: startedAtMs + 5,
    readyAfterMs: neverReady ? undefined : Math.min(startsMs, lengthMs * 0.6),
    endedAtMs,
    exitCode: neverReady ? 1 : undefined,
    signal: neverReady ? undefined : 'SIGTERM',
  };
}

/** A database of each worker, and a port of the run. */
function sharedOf(
  machine: number,
  workers: number,
  slicePortCount: number,
  endedAtMs: number,
): SharedReport[] {
  const use = (port: number, slice: number, fixture: string, acquiredAtMs: number): PortUseReport => ({
    port,
    fixture,
    slice,
    borrowed: false,
    waitedMs: 0,
    acquiredAtMs,
    releasedAtMs: endedAtMs - 100,
    state: 'free',
    leakedBy: [],
  });
  const ofRun: SharedReport = {
    machine,
    worker: -1,
    scope: 'run',
    file: undefined,
    ports: [use(FIRST_PORT + 1, 0, 'runPort', START_MS + 20)],
    servers: [],
  };
  const ofWorkers = Array.from({ length: workers }, (_, worker): SharedReport => {
    const port = FIRST_PORT + (worker + 2) * slicePortCount - 1;
    return {
      machine,
      worker,
      scope: 'worker',
      file: undefined,
      ports: [use(port, worker + 1, 'workerServer', START_MS + 320)],
      servers: [
        {
          fixture: 'workerServer',
          command: 'postgres -D data',
          ports: { PORT: port },
          processId: 9_000 + worker,
          startedAtMs: START_MS + 330,
          readyAfterMs: 640 + 90 * worker,
          endedAtMs: endedAtMs - 120,
          exitCode: 0,
          signal: undefined,
        },
      ],
    };
  });
  return [ofRun, ...ofWorkers];
}

function summaryOf({
  machines,
  tests,
  shared,
}: Pick<PortsReport, 'machines' | 'tests' | 'shared'>): PortsReport['summary'] {
  const uses = [...tests, ...shared].flatMap(({ ports }) => ports);
  const servers = [...tests, ...shared].flatMap((user) => user.servers);
  const waits = uses.map(({ waitedMs }) => waitedMs).filter((waitedMs) => waitedMs > 0);
  const ready = servers.flatMap(({ readyAfterMs }) => readyAfterMs ?? []);
  return {
    poolPortCount: machines.reduce((sum, { pool }) => sum + (pool?.portCount ?? 0), 0),
    handedOut: uses.length,
    peak: { portCount: 11, atMs: START_MS + 4_000, machine: 0, worker: 2 },
    waits: {
      count: waits.length,
      totalMs: waits.reduce((sum, waitedMs) => sum + waitedMs, 0),
      longestMs: longest(waits),
    },
    borrowed: uses.filter(({ borrowed }) => borrowed).length,
    sealed: uses.filter(({ state }) => state === 'sealed').length,
    leaks: uses.filter(({ state }) => state === 'leaked').length,
    servers: {
      count: servers.length,
      failed: servers.length - ready.length,
      slowestReadyMs: ready.length === 0 ? undefined : longest(ready),
    },
  };
}

function longest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}
