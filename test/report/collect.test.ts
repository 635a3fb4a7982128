import { describe, expect, test } from 'vitest';
import { PortList } from '../../src/core/port-list.ts';
import { type Collected, ReportCollector } from '../../src/report/collect.ts';
import { writeRunFacts } from '../../src/report/run-facts.ts';
import type { ToldTest } from '../../src/report/told-test.ts';
import { findSchemaProblem } from '../support/check-schema.ts';

const HERE = { hostName: 'here', bootedAtMs: 1_000, nowMs: 500_000 };

function factsOf(
  facts: {
    readonly hostName?: string;
    readonly bootedAtMs?: number;
    readonly shard?: number;
    readonly port?: number;
  } = {},
): string {
  const { hostName = 'here', bootedAtMs = 1_000, shard, port = 20_000 } = facts;
  const ports = new PortList([{ firstPort: port, lastPort: port + 99 }]);
  return writeRunFacts({
    hostName,
    platform: 'linux 6.12 x64',
    bootedAtMs,
    startedAtMs: 2_000,
    shard: shard === undefined ? undefined : { current: shard, total: 2 },
    pool: {
      runId: `run ${shard ?? 0} ${port}`,
      ports,
      slices: [{ firstIndex: 0, portCount: 100 }],
      excluded: [{ reason: 'nobody wants it', ranges: [{ firstPort: 6000, lastPort: 6001 }] }],
    },
    runPorts: [{ name: 'web', port: 3000 }],
  });
}

function use(change: object = {}): object {
  return {
    fixture: 'port',
    scope: 'test',
    port: 20_001,
    slice: 1,
    borrowed: false,
    waitedMs: 0,
    acquiredAtMs: 3_000,
    releasedAtMs: 3_100,
    state: 'free',
    ...change,
  };
}

function told(change: Partial<ToldTest> = {}): ToldTest {
  return {
    testId: 'one',
    id: 'one-0',
    project: '',
    file: 'one.spec.ts',
    line: 3,
    titles: ['one'],
    outcome: 'passed',
    retry: 0,
    startedAtMs: 2_990,
    durationMs: 120,
    worker: 1,
    workerKey: 'w1',
    ports: [() => [use()]],
    servers: [],
    run: undefined,
    errors: [],
    ...change,
  };
}

function broken(): never {
  throw new Error('no such thing');
}

/** On the machine that has run them. */
function collect(tests: readonly ToldTest[]): Collected {
  return collectWith(factsOf(), tests);
}

/** Of what other machines have run. */
function merge(tests: readonly ToldTest[]): Collected {
  return collectWith(undefined, tests);
}

function collectWith(ownFacts: string | undefined, tests: readonly ToldTest[]): Collected {
  const collector = new ReportCollector(ownFacts);
  for (const one of tests) collector.add(() => one);
  const collected = collector.finish({
    here: HERE,
    generator: { name: 'portslice', version: '0.1.0' },
    runner: { name: 'vitest', version: '5.1.1' },
    ownRun: undefined,
  });
  expect(findSchemaProblem('ports-report.schema.json', collected.report)).toBeUndefined();
  return collected;
}

describe('a report', () => {
  test('has the tests that used ports in the order of their starts, and counts the others', () => {
    const { report } = collect([
      told({ testId: 'late', id: 'late-0', startedAtMs: 5_000 }),
      told(),
      told({ testId: 'none', id: 'none-0', ports: [] }),
      told({ testId: 'skipped', id: 'skipped-0', ports: [], outcome: 'skipped' }),
    ]);
    expect(report.tests.map(({ id }) => id)).toEqual(['one-0', 'late-0']);
    expect(report.testsWithoutPorts).toBe(1);
    expect(report).toMatchObject({ startedAtMs: 2_990, endedAtMs: 5_120 });
  });

  test('counts a test whose first attempt had no port among those that had one', () => {
    const { report } = collect([told({ ports: [], outcome: 'failed' }), told({ id: 'one-1', retry: 1 })]);
    expect(report.testsWithoutPorts).toBe(0);
    expect(report.tests).toMatchObject([{ id: 'one-1', retry: 1 }]);
  });

  test('has a port of a worker once, as the last test has told of it, and where it is of a file, the file', () => {
    const ofWorker = use({
      scope: 'worker',
      fixture: 'workerPort',
      releasedAtMs: undefined,
      state: undefined,
    });
    const ofFile = use({ scope: 'file', fixture: 'filePort', port: 20_009 });
    const { report } = collect([
      told({ ports: [() => [ofWorker]] }),
      told({
        testId: 'two',
        id: 'two-0',
        ports: [() => [{ ...ofWorker, releasedAtMs: 9_000, state: 'free' }, ofFile]],
      }),
    ]);
    const shared = report.shared.filter(({ scope }) => scope !== 'run');
    expect(shared).toMatchObject([
      { machine: 0, worker: 1, scope: 'worker', ports: [{ port: 20_001, releasedAtMs: 9_000 }] },
      { scope: 'file', file: 'one.spec.ts', ports: [{ port: 20_009 }] },
    ]);
    expect(report.tests.map(({ ports }) => ports)).toEqual([[], []]);
    expect(report.summary.handedOut).toBe(2);
  });

  test('ends a worker’s port, of which nobody tells the end, before that of the next worker begins', () => {
    const open = { scope: 'worker', fixture: 'workerPort', releasedAtMs: undefined, state: undefined };
    const { report } = collect([
      told({ ports: [() => [use({ ...open, acquiredAtMs: 3_000 })]] }),
      told({
        testId: 'two',
        workerKey: 'w2',
        startedAtMs: 6_000,
        ports: [() => [use({ ...open, port: 20_002, acquiredAtMs: 6_000 })]],
      }),
    ]);
    expect(report.summary).toMatchObject({ handedOut: 2, peak: { portCount: 1 } });
    const [workers] = report.shared;
    expect(workers?.ports).toMatchObject([{ releasedAtMs: 3_110 }, { releasedAtMs: 6_120 }]);
    expect(workers?.ports[0]).not.toHaveProperty('state', 'free');
  });

  test('has the run ports of the configuration, and counts them nowhere', () => {
    const { report } = collect([told()]);
    expect(report.shared).toMatchObject([
      { scope: 'run', worker: -1, ports: [{ port: 3000, fixture: "runPort('web')" }] },
    ]);
    expect(report.summary.handedOut).toBe(1);
  });

  test('tells which tests found no free port, also those that got none', () => {
    const message = 'PortPoolExhaustedError: No port is free in the pool of 1.';
    const { report, exhausted } = collect([
      told({ ports: [], outcome: 'failed', errors: ['another', message] }),
    ]);
    expect(exhausted).toMatchObject([{ message, test: { titles: ['one'] } }]);
    expect(report.tests).toHaveLength(1);
  });

  test('is made without what cannot be read, and tells how much that is', () => {
    const collector = new ReportCollector(factsOf());
    collector.add(broken);
    collector.add(() => told({ testId: 'two', id: 'two-0', ports: [broken, () => [use()]] }));
    collector.add(() => told({ testId: 'three', id: 'three-0', ports: [() => [use({ port: 'many' })]] }));
    collector.add(() => told({ testId: 'four', id: 'four-0', run: { facts: '{"half' } }));
    collector.add(() => told({ testId: 'five', id: 'five-0', servers: [() => null] }));
    const parts = {
      here: HERE,
      generator: { name: 'portslice', version: '0' },
      runner: { name: 'vitest', version: '0' },
    } as const;
    const { report, damaged } = collector.finish({ ...parts, ownRun: undefined });
    expect(damaged.count).toBe(5);
    expect(report.tests.map(({ id }) => id)).toEqual(['two-0', 'four-0', 'five-0']);
  });

  test('keeps the names of tests as they are, however hostile', () => {
    const titles = ['\u001b[2J<script>', 'x'.repeat(10_000), '\u202Eabc', '__proto__'];
    const { report } = collect([told({ titles, file: '../<b>.ts' })]);
    expect(report.tests).toMatchObject([{ titles, file: '../<b>.ts' }]);
  });
});

describe('a report of several shards', () => {
  const first = { facts: factsOf({ shard: 1, hostName: 'a' }) };
  const second = { facts: factsOf({ shard: 2, hostName: 'b', port: 30_000 }) };

  test('has a machine for each, and knows the machine of a test by its worker’s first one', () => {
    const { report } = merge([
      told({ run: first }),
      told({ testId: 'two', id: 'two-0', workerKey: 'w2', run: second }),
      told({ testId: 'three', id: 'three-0' }),
      told({ testId: 'four', id: 'four-0', workerKey: 'w2' }),
    ]);
    expect(report.machines).toMatchObject([
      { hostName: 'a', shard: { current: 1, total: 2 }, pool: { portCount: 100, slices: [{ number: 0 }] } },
      { hostName: 'b', shard: { current: 2, total: 2 }, pool: { ranges: [{ firstPort: 30_000 }] } },
    ]);
    expect(report.tests.map(({ machine }) => machine)).toEqual([0, 1, 0, 1]);
    expect(report.summary.poolPortCount).toBe(200);
  });

  test('has a test once that two blobs of a shard tell of, and all tests of one name that two shards have run', () => {
    const { report } = merge([
      told({ run: first }),
      told({ run: first }),
      told({ workerKey: 'w2', run: second }),
    ]);
    expect(report.tests.map(({ id, machine }) => [id, machine])).toEqual([
      ['one-0', 0],
      ['one-0-2', 1],
    ]);
    expect(report.summary.handedOut).toBe(2);
  });

  test('takes tests whose run has told nothing for those of an unknown machine', () => {
    const { report } = merge([told({ run: first }), told({ testId: 'two', id: 'two-0', workerKey: 'w9' })]);
    expect(report.machines[1]).toEqual({ hostName: 'unknown', platform: 'unknown' });
    expect(report.tests.map(({ machine }) => machine)).toEqual([0, 1]);
  });

  test('tells of a clock that names times to come, and of none where nothing shows it', () => {
    const ahead = told({ run: first, startedAtMs: HERE.nowMs + 44_000, durationMs: 1_000 });
    const { report } = merge([ahead, told({ workerKey: 'w2', run: second })]);
    expect(report.machines.map(({ clockAheadMs }) => clockAheadMs)).toEqual([45_000, undefined]);
  });

  test.each([
    [1_003, 0],
    [1_100, 100],
    [900, -100],
    [90_000, undefined],
  ])(
    'tells of a shard of this machine, which its clock says was started at %d, how far it is ahead: %s',
    (bootedAtMs, expected) => {
      const { report } = merge([told({ run: { facts: factsOf({ shard: 1, bootedAtMs }) } })]);
      expect(report.machines[0]?.clockAheadMs).toBe(expected);
    },
  );
});
