/** Signals for processes that are known by number and start time. Windows has none: whichever it is, it ends the process at once. */
import { PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_TERMINATE } from './constants.ts';
import { readStart, withProcess } from './processes.ts';

/** As of Node's `kill`. */
const EXIT_CODE = 1;

/** Does nothing if the process has ended, whoever has its number now. Another user's process may refuse it: it goes on living. */
export function sendSignal(processId: number, start: number): void {
  withProcess(processId, PROCESS_TERMINATE | PROCESS_QUERY_LIMITED_INFORMATION, (handle, api) => {
    if (readStart(handle, api) === start) api.terminateProcess(handle, EXIT_CODE);
  });
}
