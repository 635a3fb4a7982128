/** What `portslice run --json` tells. schemas/run.schema.json says the same for other programs. */
import { variableOf } from '../core/run-port-name.ts';
import { findPackageFolder } from '../platform/package-folder.ts';
import type { CommandPort } from './command-ports.ts';
import { localUrl } from './local-url.ts';
import { tellJSON } from './output.ts';

const VERSION = 1;

export function tellEvent(event: 'started' | 'ready', ports: readonly CommandPort[]): void {
  tellJSON({
    portslice: event,
    version: VERSION,
    folder: findPackageFolder(process.cwd()).path,
    processId: process.pid,
    ports: ports.map(({ name, port }) => ({ name, variable: variableOf(name), port, url: localUrl(port) })),
  });
}
