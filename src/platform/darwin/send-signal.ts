/** Signals for processes that are known by number and start. */
import { findStart } from './process-table.ts';

/** Does nothing if the process has ended, whoever has its number now. Another user's process may refuse it: it goes on living. */
export function sendSignal(processId: number, start: number, signal: NodeJS.Signals): void {
  if (findStart(processId) !== start) return;
  try {
    process.kill(processId, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
