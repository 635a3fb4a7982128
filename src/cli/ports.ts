/** `portslice ports`: the server ports of this machine. A file of its own in dist. */
import { readServerPorts } from '../pool/session/server-ports.ts';
import { reportServerPorts } from '../report/port/server-ports-report.ts';
import { printJSON, printLine, terminalWidth } from './output.ts';
import { formatServerPorts } from './ports-text.ts';

/** @throws PortSpecError, EphemeralRangeError */
export function showServerPorts(json: boolean): void {
  const report = reportServerPorts(readServerPorts());
  if (json) printJSON(report);
  else printLine(formatServerPorts(report, terminalWidth()).join('\n'));
}
