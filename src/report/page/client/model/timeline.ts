/** Lanes and bars of the timeline, from the report. Times are milliseconds since the start of the run, on the first machine's clock. */
import type {
  PortsReport,
  PortUseReport,
  ServerUseReport,
  SharedReport,
  TestReport,
} from '../../../format.ts';

/** One port from the moment a test began to wait for it until it was released. */
export interface Bar {
  readonly use: PortUseReport;
  readonly machine: number;
  readonly worker: number;
  /** Undefined for a port that is not a test's. */
  readonly test: TestReport | undefined;
  readonly scope: SharedReport['scope'] | undefined;
  readonly server: ServerUseReport | undefined;
  readonly fromMs: number;
  readonly heldFromMs: number;
  readonly toMs: number;
  /** Where the server of this port was started and became ready. */
  readonly serverFromMs: number | undefined;
  readonly readyMs: number | undefined;
}

/** A worker. In a row no bar overlaps another one; they are in the order of time. */
interface Lane {
  readonly worker: number;
  readonly rows: readonly (readonly Bar[])[];
}

/** A machine. */
interface LaneGroup {
  readonly machine: number;
  readonly lanes: readonly Lane[];
}

export interface Timeline {
  readonly groups: readonly LaneGroup[];
  /** Of all groups, in the order of time. */
  readonly bars: readonly Bar[];
  readonly endMs: number;
}

export function buildTimeline(report: PortsReport): Timeline {
  const bars = [...barsOfTests(report), ...barsOfShared(report)].toSorted((a, b) => a.fromMs - b.fromMs);
  const ends = bars.reduce(
    (latest, { toMs }) => Math.max(latest, toMs),
    report.endedAtMs - report.startedAtMs,
  );
  const groups = report.machines.map((_, machine) => ({ machine, lanes: lanesOf(bars, machine) }));
  return { groups: groups.filter(({ lanes }) => lanes.length > 0), bars, endMs: Math.max(ends, 1) };
}

/** From the clock of a machine to the time of the timeline. */
export function sinceStart(report: PortsReport, machine: number, atMs: number): number {
  return atMs - (report.machines[machine]?.clockAheadMs ?? 0) - report.startedAtMs;
}

function barsOfTests(report: PortsReport): Bar[] {
  return report.tests.flatMap((test) => {
    const endMs = test.startedAtMs + test.durationMs;
    return test.ports.map((use) => barOf(report, use, { ...test, test, scope: undefined, endMs }));
  });
}

function barsOfShared(report: PortsReport): Bar[] {
  return report.shared.flatMap((shared) =>
    shared.ports.map((use) => barOf(report, use, { ...shared, test: undefined, endMs: report.endedAtMs })),
  );
}

interface Holder extends Pick<SharedReport, 'machine' | 'worker' | 'servers'> {
  readonly test: TestReport | undefined;
  readonly scope: SharedReport['scope'] | undefined;
  /** When it was over, for a port of which nobody said when it was released. */
  readonly endMs: number;
}

function barOf(report: PortsReport, use: PortUseReport, holder: Holder): Bar {
  const { machine, worker, test, scope, servers, endMs } = holder;
  const at = (ms: number): number => sinceStart(report, machine, ms);
  const server = servers.find(({ ports }) => Object.values(ports).includes(use.port));
  const started = server?.startedAtMs;
  const ready = server?.readyAfterMs;
  const heldFromMs = at(use.acquiredAtMs);
  return {
    use,
    machine,
    worker,
    test,
    scope,
    server,
    fromMs: heldFromMs - use.waitedMs,
    heldFromMs,
    toMs: Math.max(at(use.releasedAtMs ?? endMs), heldFromMs),
    serverFromMs: started === undefined ? undefined : at(started),
    readyMs: started === undefined || ready === undefined ? undefined : at(started) + ready,
  };
}

function lanesOf(bars: readonly Bar[], machine: number): Lane[] {
  const ofWorkers = Map.groupBy(
    bars.filter((bar) => bar.machine === machine),
    ({ worker }) => worker,
  );
  return [...ofWorkers]
    .toSorted(([a], [b]) => a - b)
    .map(([worker, barsOfWorker]) => ({ worker, rows: rowsOf(barsOfWorker) }));
}

/** Shared ports in rows of their own, before those of tests: they last, and would push a test's ports from row to row. */
function rowsOf(bars: readonly Bar[]): Bar[][] {
  const shared = bars.filter(({ test }) => test === undefined);
  const ofTests = bars.filter(({ test }) => test !== undefined);
  return [...fillRows(shared), ...fillRows(ofTests)];
}

/** Each bar into the first row that is free by then. */
function fillRows(bars: readonly Bar[]): Bar[][] {
  const rows: Bar[][] = [];
  for (const bar of bars) {
    const row = rows.find((others) => (others.at(-1)?.toMs ?? -Infinity) <= bar.fromMs);
    if (row === undefined) rows.push([bar]);
    else row.push(bar);
  }
  return rows;
}
