/**
 * The report of a run: what `ports.json` has, and the page shows. Types only. `schemas/ports-report.schema.json` says the same for
 * other programs, and a test holds both together. Times are milliseconds since 1970 on the clock of their machine. What is undefined
 * here is left out there.
 */

/** Raise it whenever a reader of the old format would misread the new one. */
export const REPORT_VERSION = 1;

export interface PortsReport {
  readonly version: typeof REPORT_VERSION;
  /** That wrote the report, with its version. */
  readonly generator: { readonly name: 'portslice'; readonly version: string };
  readonly runner: { readonly name: 'playwright' | 'vitest'; readonly version: string };
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Several where the report is of the shards of one run, or of several runs. A test names its machine by the place in this list. */
  readonly machines: readonly MachineReport[];
  /** Those that used ports, in the order of their starts. */
  readonly tests: readonly TestReport[];
  /** How many tests of the run used no port. */
  readonly testsWithoutPorts: number;
  /** Ports and servers of workers, files and the run, each once. */
  readonly shared: readonly SharedReport[];
  readonly summary: ReportSummary;
}

export interface MachineReport {
  readonly hostName: string;
  /** Such as 'linux 6.12 x64'. */
  readonly platform: string;
  /** Where the run was split. */
  readonly shard: { readonly current: number; readonly total: number } | undefined;
  /**
   * How far its clock was, at least, ahead of that of the machine that has written the report; undefined: nothing shows it. Negative:
   * behind it.
   */
  readonly clockAheadMs: number | undefined;
  /** Undefined where the run had no pool, or none of its tests used a port. */
  readonly pool: PoolReport | undefined;
}

export interface PoolReport {
  /** 128 bits in hexadecimal. */
  readonly runId: string;
  /** In the order of use. */
  readonly ranges: readonly PortRangeReport[];
  readonly portCount: number;
  readonly slices: readonly SliceReport[];
  readonly excluded: readonly (PortRangeReport & { readonly reason: string })[];
  /** Who listened on ports of the pool at the end of the run, and was no server of it; undefined: not known. */
  readonly foreignListeners: readonly ForeignListenerReport[] | undefined;
}

export interface PortRangeReport {
  readonly firstPort: number;
  readonly lastPort: number;
}

interface SliceReport {
  /** 0 is the run's own. */
  readonly number: number;
  readonly ranges: readonly PortRangeReport[];
}

export interface ForeignListenerReport {
  readonly port: number;
  readonly processId: number | undefined;
  readonly command: string | undefined;
}

export interface TestReport {
  /** The same in every report of this test and attempt: what `#test=` of the page names. */
  readonly id: string;
  /** Its place in `machines`. */
  readonly machine: number;
  /** As the runner counts them: Playwright's parallelIndex, Vitest's pool id. */
  readonly worker: number;
  readonly project: string;
  readonly file: string;
  readonly line: number | undefined;
  /** The names of its suites, and its own. */
  readonly titles: readonly string[];
  readonly outcome: 'passed' | 'failed' | 'timedOut' | 'skipped' | 'interrupted';
  /** 0: the first attempt. */
  readonly retry: number;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly ports: readonly PortUseReport[];
  readonly servers: readonly ServerUseReport[];
}

/** Ports and servers that outlive a test. */
export interface SharedReport {
  readonly machine: number;
  /** -1: the main process of the run. */
  readonly worker: number;
  /** Of which they are. */
  readonly scope: 'worker' | 'file' | 'run';
  /** Where they are of one. */
  readonly file: string | undefined;
  readonly ports: readonly PortUseReport[];
  readonly servers: readonly ServerUseReport[];
}

export interface PortUseReport {
  readonly port: number;
  /** By which the test got it: 'port', 'ports', 'server', 'acquirePort' ... 'unknown': its worker was killed. */
  readonly fixture: string;
  /** For which slice it was claimed; undefined: not known. */
  readonly slice: number | undefined;
  /** Taken from another slice. */
  readonly borrowed: boolean;
  /** Before it was got: how long the test waited for a free port. */
  readonly waitedMs: number;
  readonly acquiredAtMs: number;
  /**
   * Undefined where the worker ended before it could say so. Of a port that tests share, where nobody has told its end: the end of the
   * last test that had it, and `state` is undefined.
   */
  readonly releasedAtMs: number | undefined;
  /** What became of it; undefined: nobody has told. */
  readonly state: 'free' | 'sealed' | 'leaked' | undefined;
  /** Who still listened at the end of the test. */
  readonly leakedBy: readonly {
    readonly processId: number | undefined;
    readonly command: string | undefined;
  }[];
}

export interface ServerUseReport {
  readonly fixture: string;
  readonly command: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly processId: number | undefined;
  readonly startedAtMs: number;
  /** From its start until it was ready; undefined: it never was. */
  readonly readyAfterMs: number | undefined;
  readonly endedAtMs: number | undefined;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

export interface ReportSummary {
  /** Of all machines. */
  readonly poolPortCount: number;
  readonly handedOut: number;
  /** The most ports in use at one moment on one machine, and the worker that had most of them. */
  readonly peak:
    | { readonly portCount: number; readonly atMs: number; readonly machine: number; readonly worker: number }
    | undefined;
  readonly waits: { readonly count: number; readonly totalMs: number; readonly longestMs: number };
  readonly borrowed: number;
  readonly sealed: number;
  /** Ports on which something still listened. */
  readonly leaks: number;
  readonly servers: {
    readonly count: number;
    readonly failed: number;
    readonly slowestReadyMs: number | undefined;
  };
}
