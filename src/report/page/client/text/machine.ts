/** What a machine is called. */
import type { MachineReport, PortsReport } from '../../../format.ts';
import { formatDuration } from './format.ts';
import { visible } from './visible.ts';

/** 'Shard 2/4, ci-runner-7, clock at least 12 ms ahead'. */
export function machineName({ machines }: PortsReport, index: number): string {
  const machine = machines[index];
  if (machine === undefined) return `machine ${index + 1}`;
  return [
    shardName(machine),
    visible(machine.hostName, 60),
    machines.length === 1 ? undefined : clockText(machine),
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}

/** Without the clock. */
export function shortMachineName({ machines }: PortsReport, index: number): string {
  const machine = machines[index];
  if (machine === undefined) return `machine ${index + 1}`;
  return shardName(machine) ?? visible(machine.hostName, 60);
}

function shardName({ shard }: MachineReport): string | undefined {
  return shard === undefined ? undefined : `Shard ${shard.current}/${shard.total}`;
}

/** It is told for each machine of several: for the machine of a run on one, nothing has to be compared. */
function clockText({ clockAheadMs }: MachineReport): string {
  if (clockAheadMs === undefined) return 'clock difference not known';
  if (Math.round(clockAheadMs) === 0) return 'clock the same';
  return `clock at least ${formatDuration(Math.abs(clockAheadMs))} ${clockAheadMs > 0 ? 'ahead' : 'behind'}`;
}

const MAIN_PROCESS = -1;

/** 'worker 2', 'main process'. */
export function workerName(worker: number): string {
  return worker === MAIN_PROCESS ? 'main process' : `worker ${worker}`;
}

/** '2', 'main'. */
export function shortWorkerName(worker: number): string {
  return worker === MAIN_PROCESS ? 'main' : String(worker);
}

/** 'Shard 2/4, worker 2'; of a run on one machine 'worker 2'. */
export function workerPlace(
  report: PortsReport,
  { machine, worker }: { readonly machine: number; readonly worker: number },
): string {
  const name = workerName(worker);
  return report.machines.length > 1 ? `${shortMachineName(report, machine)}, ${name}` : name;
}
