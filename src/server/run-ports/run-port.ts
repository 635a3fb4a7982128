/** Named ports that every process of a run agrees on. */
import { canonicalName } from '../../core/run-port-name.ts';
import { runPortKey, type RunPortTable } from '../../core/run-port-table.ts';
import { InvalidOptionError, RunPortUnknownError } from '../../errors/index.ts';
import { findPackageFolder, type PackageFolder } from '../../platform/package-folder.ts';
import { trace } from '../../platform/trace.ts';
import { claimRunPort } from './claim-run-port.ts';
import { findPlace } from './main-process.ts';
import { ownRunPorts, type RunPort } from './own-run-ports.ts';
import { type CheckedRunPortOptions, checkRunPortOptions, type RunPortOptions } from './run-port-options.ts';
import { findServer } from './served-ports.ts';
import { traceRunPort } from './trace-run-port.ts';

/**
 * A port by name, for the whole run: `webServer: { command: 'npm start', port: runPort('web') }`. The first call in the run's
 * main process claims it, until that process ends; workers, and processes that they start, get the same number. It stays the same
 * from run to run as long as it is free, and differs from folder to folder. If `portslice run` already serves the name for this
 * folder, that server's number is used.
 * @param name letters, digits, '-' and '_'; case does not matter
 * @throws RunPortUnknownError in a worker, if the main process has not claimed that name
 * @throws PortTakenError if the one of `port` cannot be had; PortPoolExhaustedError if none can
 * @throws InvalidOptionError, HostError, ResourceLimitError, PermissionError, ForeignFunctionError
 */
export function runPort(name: string, options: RunPortOptions = {}): number {
  const checked = checkRunPortOptions(name, options);
  const port = findOrClaim(name, checked);
  checkAgreement(name, port, checked);
  return port;
}

function findOrClaim(name: string, checked: CheckedRunPortOptions): number {
  const { isMain, table } = findPlace();
  const told = table === undefined ? undefined : findTold(table, name, checked.folder);
  if (!isMain) {
    if (told === undefined) throw unknown(name, table);
    trace()['run-port']?.(`${told} '${name}', as pid ${table?.processId} has said`);
    return told;
  }
  const runFolder = findPackageFolder(process.cwd());
  const folder = checked.folder ?? runFolder;
  const own = ownRunPorts();
  const known = own.find(folder, name);
  if (known !== undefined) return known.port;
  const fresh = told === undefined ? joinOrClaim(name, folder, checked, table) : inherit(name, folder, told);
  traceRunPort(fresh, originOf(fresh));
  own.remember(fresh);
  own.publish(runFolder, table);
  return fresh.port;
}

function findTold(table: RunPortTable, name: string, folder: PackageFolder | undefined): number | undefined {
  return table.ports[runPortKey(folder?.id ?? table.folder, canonicalName(name))];
}

/** In a line of the trace. */
function originOf({ claim, joinedProcessId }: RunPort): string {
  if (claim !== undefined) return 'claimed';
  return joinedProcessId === undefined
    ? 'as the portslice run that has started this process has said'
    : `the server of portslice run (pid ${joinedProcessId}) is joined`;
}

/** Of the `portslice run` that has started this process. */
function inherit(name: string, folder: PackageFolder, port: number): RunPort {
  return { name, folder, port, claim: undefined, joinedProcessId: undefined };
}

function joinOrClaim(
  name: string,
  folder: PackageFolder,
  { join, owner }: CheckedRunPortOptions,
  table: RunPortTable | undefined,
): RunPort {
  const isWanted = (port: number): boolean =>
    (owner.port === undefined || owner.port === port) && !owner.excludedPorts.includes(port);
  const served = join ? findServer(folder, name, isWanted) : undefined;
  if (served !== undefined) {
    const { port, processId } = served;
    return { name, folder, port, options: owner, claim: undefined, joinedProcessId: processId };
  }
  // The numbers of a run that has ended are free for the kernel, but other names have them here.
  const excludedPorts = [...owner.excludedPorts, ...Object.values(table?.ports ?? {})];
  const claim = claimRunPort(name, folder, { ...owner, excludedPorts }, join);
  return { name, folder, port: claim.port, options: owner, claim, joinedProcessId: undefined };
}

/** Two calls that insist on different ports would otherwise disagree in silence. */
function checkAgreement(name: string, port: number, { owner }: CheckedRunPortOptions): void {
  if (owner.port === undefined || owner.port === port) return;
  throw new InvalidOptionError({
    option: 'port',
    value: owner.port,
    expected: 'the same in all calls of a run, and a new run after a change',
    problem: `is ${owner.port}, but '${name}' is ${port} in this run`,
  });
}

function unknown(name: string, table: RunPortTable | undefined): RunPortUnknownError {
  const known = Object.keys(table?.ports ?? {}).map((key) => key.slice(key.indexOf('/') + 1));
  if (table?.kind === 'command') {
    const main = `portslice run (pid ${table.processId})`;
    return new RunPortUnknownError({
      runPort: name,
      known,
      main,
      fix: `Give it --port ${name.toUpperCase()}`,
    });
  }
  const main =
    table === undefined ? "The run's main process" : `The run's main process (pid ${table.processId})`;
  const fix = `Call runPort('${name}') in the runner's configuration or global setup, and start the run again if you have just added it`;
  return new RunPortUnknownError({ runPort: name, known, main, fix });
}
