/** The machines of a synthetic report, with their pools, and what their workers share. */
import { countPorts, joinRanges, type PortRange, subtractRanges } from '../../src/core/port-range.ts';
import type { MachineReport, PortUseReport, SharedReport } from '../../src/report/format.ts';

export const START_MS: number = Date.UTC(2026, 10, 26, 9, 30);
export const FIRST_PORT = 20_000;
const EXCLUDED: PortRange = { firstPort: FIRST_PORT + 48, lastPort: FIRST_PORT + 48 };

export function machineOf(
  index: number,
  machineCount: number,
  workers: number,
  slicePortCount: number,
): MachineReport {
  const slices = Array.from({ length: workers + 1 }, (_, number) => {
    const firstPort = FIRST_PORT + number * slicePortCount;
    const whole = { firstPort, lastPort: firstPort + slicePortCount - 1 };
    return { number, ranges: subtractRanges([whole], [EXCLUDED]) };
  });
  const ranges = joinRanges(slices.flatMap((slice) => slice.ranges));
  return {
    hostName: `ci-runner-${index + 1}`,
    platform: 'linux 6.12 x64',
    shard: machineCount === 1 ? undefined : { current: index + 1, total: machineCount },
    clockAheadMs: index === 0 ? undefined : (index % 2 === 0 ? 1 : -1) * 37 * index,
    pool: {
      runId: (index + 1).toString(16).padStart(32, '0'),
      ranges,
      portCount: countPorts(ranges),
      slices,
      excluded: [
        { ...EXCLUDED, reason: 'excluded by the options' },
        { firstPort: 32_768, lastPort: 60_999, reason: 'the ephemeral range' },
      ],
      foreignListeners: [{ port: FIRST_PORT + 130, processId: 812, command: 'redis-server *:20130' }],
    },
  };
}

/** A database of each worker, and a port of the run. */
export function sharedOf(
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
