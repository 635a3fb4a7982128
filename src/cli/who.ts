/** `portslice who`: what is known of ports. A file of its own in dist. */
import { PortList } from '../core/port-list.ts';
import type { PortRange } from '../core/port-range.ts';
import { epochMs } from '../platform/clock.ts';
import { readPorts } from '../report/port/read-ports.ts';
import { TAKEN } from './exit-codes.ts';
import { printJSON, printLine, terminalWidth } from './output.ts';
import { formatWho } from './who-text.ts';

/** @returns the exit code */
export function showPorts(ranges: readonly PortRange[], json: boolean): number {
  const report = readPorts(new PortList(ranges));
  if (json) printJSON(report);
  else printLine(formatWho(report, epochMs(), terminalWidth()).join('\n'));
  return report.ports.some(({ isTaken }) => isTaken) ? TAKEN : 0;
}
