/** Lanes and bars of the timeline, from the report. Times are milliseconds since the start, on the clock of the machine that wrote it. */
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
  readonly shared: SharedReport | undefined;
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
  /** Milliseconds since 1970: the start of the run, or of the first port where its machine's clock says that this was earlier. */
  readonly originMs: number;
  readonly groups: readonly LaneGroup[];
  /** Of all groups, in the order of time. */
  readonly bars: readonly Bar[];
  readonly endMs: number;
}

export function buildTimeline(report: PortsReport): Timeline {
  const holders = holdersOf(report);
  const originMs = originOf(report, holders);
  const bars = holders.flatMap((holder) => holder.ports.map((use) => barOf(report, originMs, use, holder)));
  bars.sort((a, b) => a.fromMs - b.fromMs);
  const endMs = bars.reduce((latest, { toMs }) => Math.max(latest, toMs), report.endedAtMs - originMs);
  const groups = report.machines.map((_, machine) => ({ machine, lanes: lanesOf(bars, machine) }));
  return {
    originMs,
    groups: groups.filter(({ lanes }) => lanes.length > 0),
    bars,
    endMs: Math.max(endMs, 1),
  };
}

/** From the clock of a machine to that of the machine that wrote the report. */
export function onOneClock({ machines }: PortsReport, machine: number, atMs: number): number {
  return atMs - (machines[machine]?.clockAheadMs ?? 0);
}

interface Holder extends Pick<TestReport, 'machine' | 'worker' | 'ports' | 'servers'> {
  readonly test: TestReport | undefined;
  readonly shared: SharedReport | undefined;
  /** When it was over, for a port of which nobody said when it was released. */
  readonly endMs: number;
}

function holdersOf({ tests, shared, endedAtMs }: PortsReport): Holder[] {
  return [
    ...tests.map((test) => ({
      ...test,
      test,
      shared: undefined,
      endMs: test.startedAtMs + test.durationMs,
    })),
    ...shared.map((one) => ({ ...one, test: undefined, shared: one, endMs: endedAtMs })),
  ];
}

function originOf(report: PortsReport, holders: readonly Holder[]): number {
  const starts = holders.flatMap(({ machine, ports }) =>
    ports.map(({ acquiredAtMs, waitedMs }) => onOneClock(report, machine, acquiredAtMs - waitedMs)),
  );
  return starts.reduce((first, start) => Math.min(first, start), report.startedAtMs);
}

function barOf(report: PortsReport, originMs: number, use: PortUseReport, holder: Holder): Bar {
  const { machine, worker, test, shared, servers, endMs } = holder;
  const at = (ms: number): number => onOneClock(report, machine, ms) - originMs;
  const server = servers.find(({ ports }) => Object.values(ports).includes(use.port));
  const serverFromMs = server && at(server.startedAtMs);
  const heldFromMs = at(use.acquiredAtMs);
  return {
    use,
    machine,
    worker,
    test,
    shared,
    server,
    fromMs: heldFromMs - use.waitedMs,
    heldFromMs,
    toMs: Math.max(at(use.releasedAtMs ?? endMs), heldFromMs),
    serverFromMs,
    readyMs: server?.readyAfterMs === undefined ? undefined : (serverFromMs as number) + server.readyAfterMs,
  };
}

function lanesOf(bars: readonly Bar[], machine: number): Lane[] {
  const ofMachine = bars.filter((bar) => bar.machine === machine);
  const workers = [...new Set(ofMachine.map(({ worker }) => worker))].toSorted((a, b) => a - b);
  return workers.map((worker) => ({
    worker,
    rows: rowsOf(ofMachine.filter((bar) => bar.worker === worker)),
  }));
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
