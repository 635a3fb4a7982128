/** `portslice status`: who has which port on this machine, once or again and again. A file of its own in dist. */
import type { MachineStatus } from '../report/status/machine-status.ts';
import { readMachineStatus } from '../report/status/read-machine.ts';
import { isTerminal, printJSON, printLine, terminalWidth } from './output.ts';
import { formatStatus } from './status-text.ts';
import { watchLines } from './watch-lines.ts';
import { watchOnScreen } from './watch-on-screen.ts';

export function showStatus(json: boolean): void {
  const status = readMachineStatus();
  if (json) printJSON(status);
  else printLine(formatStatus(status, { width: terminalWidth() }).join('\n'));
}

export interface WatchRequest {
  readonly json: boolean;
  readonly intervalMs: number;
}

/** Until it is ended. Resolves with the exit code. */
export async function watchStatus({ json, intervalMs }: WatchRequest): Promise<number> {
  if (!json && isTerminal()) {
    return watchOnScreen({ read: readMachineStatus, format: formatForScreen, intervalMs });
  }
  let printed: string | undefined;
  return watchLines(intervalMs, () => {
    const status = readMachineStatus();
    const known = JSON.stringify({ ...status, readAtMs: 0 });
    if (known === printed) return;
    if (json) printJSON(status, 'in one line');
    else printLine([...(printed === undefined ? [] : ['']), ...formatForFile(status)].join('\n'));
    printed = known;
  });
}

function formatForScreen(status: MachineStatus, columns: number, rows: number): string[] {
  return formatStatus(status, { width: columns, maxRows: rows });
}

function formatForFile(status: MachineStatus): string[] {
  return [new Date(status.readAtMs).toISOString(), ...formatStatus(status, { width: undefined })];
}
