/** Reports of runs that never were: always the same ones, as large as wanted, with everything that a report can have in it. */
import type { PortsReport } from '../../src/report/format.ts';
import { summarize } from '../../src/report/statistics.ts';
import { machineOf, sharedOf, START_MS } from './synthetic-machines.ts';
import { testOf } from './synthetic-tests.ts';

export interface Wanted {
  readonly testCount: number;
  readonly machineCount?: number;
  readonly workersPerMachine?: number;
  /** Real pools have thousands of ports for a worker. */
  readonly slicePortCount?: number;
  /** Replace the titles of the first tests. */
  readonly titles?: readonly (readonly string[])[];
}

/** Numbers from 0 to 1, as mulberry32 makes them, each time the same. */
function randomNumbers(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function syntheticReport(wanted: Wanted): PortsReport {
  const { testCount, machineCount = 1, workersPerMachine = 4, slicePortCount = 60, titles = [] } = wanted;
  const random = randomNumbers();
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
    summary: summarize(
      [...report.tests, ...report.shared],
      machines.reduce((sum, { pool }) => sum + (pool?.portCount ?? 0), 0),
    ),
  };
}
