/** What a machine is called. */
import type { MachineReport, PortsReport } from '../../../format.ts';
import { formatDuration } from './format.ts';
import { visible } from './visible.ts';

/** 'Shard 2/4, ci-runner-7, clock 12 ms ahead'. */
export function machineName({ machines }: PortsReport, index: number): string {
  const machine = machines[index];
  if (machine === undefined) return `machine ${index + 1}`;
  return [shardName(machine), visible(machine.hostName, 60), index === 0 ? undefined : clockText(machine)]
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

function clockText({ clockAheadMs }: MachineReport): string {
  if (clockAheadMs === undefined) return 'clock difference not known';
  if (Math.round(clockAheadMs) === 0) return 'clock as the first machine\u2019s';
  const way = clockAheadMs > 0 ? 'ahead' : 'behind';
  return `clock ${formatDuration(Math.abs(clockAheadMs))} ${way}`;
}
