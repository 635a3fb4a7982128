/** The lines that a run ends with. */
import { countText, numberText } from '../core/count-text.ts';
import { describeCommand, harmless } from '../errors/index.ts';
import type { PortsReport, ServerUseReport } from './format.ts';
import { describeLeak, findLeaks } from './leaks.ts';

const SHOWN_LEAKS = 3;
const COMMAND_LENGTH = 80;

/** Three, whatever the run did. */
export function summaryLines(report: PortsReport): string[] {
  return [portsLine(report), leaksLine(report), serversLine(report)].map((line) => `portslice: ${line}.`);
}

function portsLine({ summary, machines }: PortsReport): string {
  const { poolPortCount, handedOut, peak, waits, borrowed } = summary;
  const several = machines.length > 1 ? ` on ${machines.length} machines` : '';
  const pool = poolPortCount === 0 ? '' : ` of a pool of ${numberText(poolPortCount)}${several}`;
  const most =
    peak === undefined
      ? []
      : [`at most ${peak.portCount} at once, most of them in ${workerOf(peak, machines)}`];
  const longest = waits.count === 0 ? '' : `, at most ${durationText(waits.longestMs)}`;
  const waited = waits.count === 0 ? 'nobody waited' : `${countText(waits.count, 'wait')}${longest}`;
  return [`${countText(handedOut, 'port')} handed out${pool}`, ...most, waited, `${borrowed} borrowed`].join(
    '; ',
  );
}

function workerOf(
  { machine, worker }: { machine: number; worker: number },
  machines: PortsReport['machines'],
): string {
  const { shard, hostName } = machines[machine] ?? {};
  const place = shard === undefined ? harmless(hostName ?? '', COMMAND_LENGTH) : `shard ${shard.current}`;
  return machines.length > 1 ? `worker ${worker} of ${place}` : `worker ${worker}`;
}

function leaksLine(report: PortsReport): string {
  const leaks = findLeaks(report);
  if (leaks.length === 0) return 'no server was left behind';
  const more = leaks.length > SHOWN_LEAKS ? [`and ${leaks.length - SHOWN_LEAKS} more`] : [];
  return `${countText(leaks.length, 'server')} left behind: ${[...leaks.slice(0, SHOWN_LEAKS).map(describeLeak), ...more].join('; ')}`;
}

function serversLine({ tests, shared, summary }: PortsReport): string {
  const { count, failed } = summary.servers;
  if (count === 0) return 'no server was started by a fixture';
  const slowest = slowestOf([...tests, ...shared].flatMap(({ servers }) => servers));
  const start =
    slowest?.readyAfterMs === undefined
      ? []
      : [
          `the slowest was ready after ${durationText(slowest.readyAfterMs)} (${harmless(describeCommand(slowest.command), COMMAND_LENGTH)})`,
        ];
  return [`${countText(count, 'server')} started`, `${failed} never ready`, ...start].join('; ');
}

function slowestOf(servers: readonly ServerUseReport[]): ServerUseReport | undefined {
  return servers.reduce<ServerUseReport | undefined>(
    (slowest, one) => ((one.readyAfterMs ?? -1) > (slowest?.readyAfterMs ?? -1) ? one : slowest),
    undefined,
  );
}

export function durationText(durationMs: number): string {
  return durationMs < 1000 ? `${Math.round(durationMs)} ms` : `${(durationMs / 1000).toFixed(1)} s`;
}
