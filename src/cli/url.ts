/** `portslice url`: where the server of a name is. */
import { findPackageFolder, type PackageFolder } from '../platform/package-folder.ts';
import { platform } from '../platform/platform.ts';
import type { ServedPort } from '../platform/port-kernel.ts';
import { tell } from '../server/run-ports/claim-run-port.ts';
import { describeServing, describeUnready } from '../server/run-ports/describe-served.ts';
import { findServed, findServer } from '../server/run-ports/served-ports.ts';
import { findToldPort } from './command-ports.ts';
import { NOBODY_SERVES } from './exit-codes.ts';
import { localUrl } from './local-url.ts';
import { printJSON, printLine } from './output.ts';

const VERSION = 1;

/** Of a run of tests its own process is not known. */
type Found = Pick<ServedPort, 'port'> & Partial<Pick<ServedPort, 'processId'>>;

/** Prints the address. @returns the exit code */
export function printUrl(name: string, json: boolean): number {
  const folder = findPackageFolder(process.cwd());
  const ready = findReady(name, folder);
  const starting = ready === undefined ? findServed(folder, name)[0] : undefined;
  if (json) printJSON(describe(name, folder, ready ?? starting, ready !== undefined));
  else if (ready !== undefined) printLine(localUrl(ready.port));
  if (ready !== undefined) return 0;
  tell(explainAbsence(name, folder, starting));
  return NOBODY_SERVES;
}

function findReady(name: string, folder: PackageFolder): Found | undefined {
  const told = findToldPort(name, folder);
  const isServed = told !== undefined && platform.findListeners(told)?.length !== 0;
  return isServed ? { port: told } : findServer(folder, name);
}

/** schemas/url.schema.json says the same for other programs. */
function describe(name: string, folder: PackageFolder, found: Found | undefined, ready: boolean): object {
  const address = found === undefined ? {} : { port: found.port, url: localUrl(found.port) };
  const { processId } = found ?? {};
  return { version: VERSION, name, folder: folder.path, ready, ...address, processId };
}

function explainAbsence(name: string, folder: PackageFolder, starting: ServedPort | undefined): string {
  if (starting === undefined)
    return `nobody serves '${name}' for ${folder.path}: start its server with portslice run --port ${name}`;
  const why = describeUnready(starting, `port ${starting.port}`);
  return `${describeServing(starting)} has started the server of '${name}' for ${folder.path}, which ${why}`;
}
