/** `portslice url`: where the server of a name is. */
import { findPackageFolder } from '../platform/package-folder.ts';
import { platform } from '../platform/platform.ts';
import { tell } from '../server/run-ports/claim-run-port.ts';
import { findServer } from '../server/run-ports/served-ports.ts';
import { findToldPort } from './command-ports.ts';
import { NOBODY_SERVES } from './exit-codes.ts';

/** Prints the address. @returns the exit code */
export function printUrl(name: string): number {
  const folder = findPackageFolder(process.cwd());
  const told = findToldPort(name, folder);
  const isServed = told !== undefined && platform.findListeners(told)?.length !== 0;
  const port = isServed ? told : findServer(folder, name)?.port;
  if (port === undefined) {
    tell(`nobody serves '${name}' for ${folder.path}: start its server with portslice run --port ${name}`);
    return NOBODY_SERVES;
  }
  process.stdout.write(`http://localhost:${port}\n`);
  return 0;
}
