/** What the tests of a run, all together, did with its ports. Pure. */
import type { PortUseReport, ReportSummary, ServerUseReport } from './format.ts';

/** Of a test, or of what several share. */
export interface UsesOfWorker {
  readonly machine: number;
  readonly worker: number;
  readonly ports: readonly PortUseReport[];
  readonly servers: readonly ServerUseReport[];
}

export function summarize(uses: readonly UsesOfWorker[], poolPortCount: number): ReportSummary {
  const ports = uses.flatMap((one) => one.ports);
  return {
    poolPortCount,
    handedOut: ports.length,
    peak: findPeak(uses),
    waits: countWaits(uses),
    borrowed: ports.filter(({ borrowed }) => borrowed).length,
    sealed: ports.filter(({ state }) => state === 'sealed').length,
    leaks: ports.filter(({ state }) => state === 'leaked').length,
    servers: countServers(uses.flatMap(({ servers }) => servers)),
  };
}

/** Ports that were asked for together have waited together. */
function countWaits(uses: readonly UsesOfWorker[]): ReportSummary['waits'] {
  const waits = uses.flatMap(({ ports }) => {
    const waited = ports.filter(({ waitedMs }) => waitedMs > 0);
    return [...new Map(waited.map(({ acquiredAtMs, waitedMs }) => [acquiredAtMs, waitedMs])).values()];
  });
  return {
    count: waits.length,
    totalMs: waits.reduce((sum, waitedMs) => sum + waitedMs, 0),
    longestMs: waits.reduce((longest, waitedMs) => Math.max(longest, waitedMs), 0),
  };
}

function countServers(servers: readonly ServerUseReport[]): ReportSummary['servers'] {
  const ready = servers.flatMap(({ readyAfterMs }) => readyAfterMs ?? []);
  return {
    count: servers.length,
    failed: servers.length - ready.length,
    slowestReadyMs: ready.length === 0 ? undefined : ready.reduce((slow, one) => Math.max(slow, one)),
  };
}

interface Change {
  readonly atMs: number;
  readonly by: 1 | -1;
  readonly machine: number;
  readonly worker: number;
}

/** Shorter than a clock can tell: what is released in the millisecond in which it was got was in use, too. */
const LEAST_USE_MS = 0.5;

/** The most ports in use at one moment on one machine: machines have ports, and clocks, of their own. */
export function findPeak(uses: readonly UsesOfWorker[]): ReportSummary['peak'] {
  let highest: ReportSummary['peak'];
  for (const machine of new Set(uses.map((one) => one.machine))) {
    const peak = peakOf(uses.filter((one) => one.machine === machine).flatMap(changesOf));
    if (peak !== undefined && peak.portCount > (highest?.portCount ?? 0)) highest = peak;
  }
  return highest;
}

function changesOf({ machine, worker, ports }: UsesOfWorker): Change[] {
  return ports.flatMap(({ acquiredAtMs, releasedAtMs = Infinity }) => [
    { atMs: acquiredAtMs, by: 1, machine, worker } as const,
    { atMs: Math.max(releasedAtMs, acquiredAtMs + LEAST_USE_MS), by: -1, machine, worker } as const,
  ]);
}

function peakOf(changes: Change[]): ReportSummary['peak'] {
  // What is released in the same millisecond was released before.
  changes.sort((one, other) => one.atMs - other.atMs || one.by - other.by);
  const perWorker = new Map<number, number>();
  let portCount = 0;
  let peak: ReportSummary['peak'];
  for (const { atMs, by, machine, worker } of changes) {
    portCount += by;
    perWorker.set(worker, (perWorker.get(worker) ?? 0) + by);
    if (portCount > (peak?.portCount ?? 0)) peak = { portCount, atMs, machine, worker: busiestOf(perWorker) };
  }
  return peak;
}

function busiestOf(perWorker: ReadonlyMap<number, number>): number {
  let busiest: readonly [worker: number, count: number] = [0, 0];
  for (const entry of perWorker) if (entry[1] > busiest[1]) busiest = entry;
  return busiest[0];
}
