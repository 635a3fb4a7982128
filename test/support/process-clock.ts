import { readFileSync } from 'node:fs';
import { until } from './until.ts';

/** The kernel tells when a process began in hundredths of a second. Resolves when a new one begins later than all that run. */
export async function laterThanAllProcesses(): Promise<void> {
  const start = systemUptime();
  await until('the clock of processes has moved on', () => systemUptime() > start);
}

/** In seconds, with two decimals: the same clock. */
function systemUptime(): number {
  return Number.parseFloat(readFileSync('/proc/uptime', 'utf8'));
}
