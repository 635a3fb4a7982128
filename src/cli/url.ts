/** `portslice url`: where the server of a name is. */
import { findPackageFolder, type PackageFolder } from '../platform/package-folder.ts';
import { platform } from '../platform/platform.ts';
import { tell } from '../server/run-ports/claim-run-port.ts';
import { describeServing, describeUnready } from '../server/run-ports/describe-served.ts';
import { findServed, findServer } from '../server/run-ports/served-ports.ts';
import { findToldPort } from './command-ports.ts';
import { NOBODY_SERVES } from './exit-codes.ts';
import { printLine } from './output.ts';

/** Prints the address. @returns the exit code */
export function printUrl(name: string): number {
  const folder = findPackageFolder(process.cwd());
  const told = findToldPort(name, folder);
  const isServed = told !== undefined && platform.findListeners(told)?.length !== 0;
  const port = isServed ? told : findServer(folder, name)?.port;
  if (port === undefined) {
    tell(explainAbsence(name, folder));
    return NOBODY_SERVES;
  }
  printLine(`http://localhost:${port}`);
  return 0;
}

function explainAbsence(name: string, folder: PackageFolder): string {
  const [served] = findServed(folder, name);
  if (served === undefined)
    return `nobody serves '${name}' for ${folder.path}: start its server with portslice run --port ${name}`;
  const why = describeUnready(served, `port ${served.port}`);
  return `${describeServing(served)} has started the server of '${name}' for ${folder.path}, which ${why}`;
}
