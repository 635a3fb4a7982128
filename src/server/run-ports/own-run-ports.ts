/** The run ports of this process: kept for its life, and told to every process that it starts. */
import { canonicalName } from '../../core/run-port-name.ts';
import { formatRunPortTable, type RunPortTable, runPortKey } from '../../core/run-port-table.ts';
import { publishRunPorts } from '../../platform/environment.ts';
import type { PackageFolder } from '../../platform/package-folder.ts';
import { threadState } from '../../platform/thread-state.ts';
import type { PortClaim } from '../../pool/session/port-claim.ts';

export interface RunPort {
  /** As it was written first. */
  readonly name: string;
  readonly folder: PackageFolder;
  readonly port: number;
  /** Undefined: it is another process's. */
  readonly claim: PortClaim | undefined;
  /** The `portslice run` whose server is joined. */
  readonly joinedProcessId: number | undefined;
}

interface Own {
  readonly ports: Map<string, RunPort>;
  kind: RunPortTable['kind'];
}

function own(): Own {
  return threadState<Own>('run-ports', () => ({ ports: new Map(), kind: 'run' }));
}

export function ownRunPorts(): Iterable<RunPort> {
  return own().ports.values();
}

export function findOwnRunPort(folder: PackageFolder, name: string): RunPort | undefined {
  return own().ports.get(runPortKey(folder.id, canonicalName(name)));
}

export function rememberRunPort(runPort: RunPort): void {
  own().ports.set(runPortKey(runPort.folder.id, canonicalName(runPort.name)), runPort);
}

/** @param folder the one that is meant where none is named */
export function publishOwnRunPorts(folder: PackageFolder): void {
  const { ports, kind } = own();
  const numbers = Array.from(ports, ([key, { port }]) => [key, port] as const);
  publishRunPorts(
    formatRunPortTable({
      processId: process.pid,
      kind,
      folder: folder.id,
      ports: Object.fromEntries(numbers),
    }),
  );
}
