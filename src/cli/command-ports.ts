/** The ports of a command: its own, or those of the run of tests that has started it. */
import { canonicalName } from '../core/run-port-name.ts';
import { runPortKey, type RunPortTable } from '../core/run-port-table.ts';
import { InvalidOptionError } from '../errors/index.ts';
import { findPackageFolder, type PackageFolder } from '../platform/package-folder.ts';
import { platform } from '../platform/platform.ts';
import { findPlace } from '../server/run-ports/main-process.ts';
import { ownRunPorts } from '../server/run-ports/own-run-ports.ts';
import { serveRunPort, type ServedRunPort } from '../server/run-ports/serve-run-port.ts';
import type { NamedPort, WantedPort } from './port-arguments.ts';

export interface CommandPort extends NamedPort {
  /** Undefined: the run of tests has it. */
  readonly served: ServedRunPort | undefined;
}

/** In the order in which they were asked for; a number that was asked for is nobody else's. All or none. */
export async function openPorts(wanted: readonly WantedPort[], hold: boolean): Promise<CommandPort[]> {
  const folder = findPackageFolder(process.cwd());
  const run = findRun();
  const opened = new Map<WantedPort, CommandPort>();
  const open = async (one: WantedPort): Promise<CommandPort> => {
    const { name, port } = one;
    const told = run === undefined ? undefined : findTold(run, name, folder);
    if (told !== undefined) return { name, port: checkTold(name, port, told), served: undefined };
    // A server in a run of tests ends with the run.
    const served = await serveRunPort(name, folder, { port, hold, isOffered: run?.kind !== 'run' });
    return { name, port: served.port, served };
  };
  try {
    // First those with a number: a name without one can be given any.
    for (const one of wanted.toSorted((a, b) => Number(a.port === undefined) - Number(b.port === undefined)))
      opened.set(one, await open(one));
  } catch (error) {
    endPorts([...opened.values()]);
    throw error;
  }
  const ports = wanted.flatMap((one) => opened.get(one) ?? []);
  publish(ports, folder, run);
  return ports;
}

export function endPorts(ports: readonly CommandPort[]): void {
  for (const { served } of ports) served?.end();
}

/** The run, of tests or of a command, that has started this process, if it has not ended. */
function findRun(): RunPortTable | undefined {
  const { isMain, table } = findPlace();
  return isMain || table === undefined || !platform.isRunning(table.processId) ? undefined : table;
}

/** The number that the name has in the run that has started this process. */
export function findToldPort(name: string, folder: PackageFolder): number | undefined {
  const run = findRun();
  return run === undefined ? undefined : findTold(run, name, folder);
}

/**
 * A run can have ports of several folders. Those of its own folder are meant by everybody that a run of tests starts; of what
 * another command has started, each package has its own.
 */
function findTold(table: RunPortTable, name: string, folder: PackageFolder): number | undefined {
  const folders = table.kind === 'run' ? [folder.id, table.folder] : [folder.id];
  const keys = folders.map((id) => runPortKey(id, canonicalName(name)));
  return keys.map((key) => table.ports[key]).find((port) => port !== undefined);
}

function checkTold(name: string, port: number | undefined, told: number): number {
  if (port === undefined || port === told) return told;
  throw new InvalidOptionError({
    option: '--port',
    value: port,
    expected: 'the number of the run that has started this command, or none',
    problem: `is ${name}=${port}, but '${name}' is ${told} in the run that has started this command`,
  });
}

/** For `runPort` in the command's processes. A run's own table stays, which has more names. */
function publish(ports: readonly CommandPort[], folder: PackageFolder, run: RunPortTable | undefined): void {
  if (ports.every(({ served }) => served === undefined)) return;
  const own = ownRunPorts();
  own.kind = 'command';
  for (const { name, port, served } of ports)
    own.remember(served ?? { name, folder, port, claim: undefined, joinedProcessId: undefined });
  own.publish(folder, run);
}
