/** Who listens on ports of a pool and is no server of its run. */
import { includesPort, type PortRange } from '../core/port-range.ts';
import { platform } from '../platform/platform.ts';
import { portInspector } from '../platform/port-inspector.ts';
import type { ForeignListenerReport } from './format.ts';
import { KnownProcesses } from './status/known-processes.ts';

/**
 * @param ownPorts what the run itself has left behind
 * @returns undefined where the system does not tell
 */
export function findForeignListeners(
  ranges: readonly PortRange[],
  ownPorts: ReadonlySet<number>,
): ForeignListenerReport[] | undefined {
  const listening = platform.findListeningPorts();
  if (listening === undefined) return undefined;
  const foreign = [...listening].filter((port) => includesPort(ranges, port) && !ownPorts.has(port));
  const holders = findHolders(foreign);
  const processes = new KnownProcesses();
  return foreign
    .toSorted((one, other) => one - other)
    .map((port) => {
      const processId = holders.get(port);
      return { port, processId, command: processes.describe({ processId }).command };
    });
}

/** One process a port, as far as they can be seen. All in one pass: it takes milliseconds. */
function findHolders(ports: readonly number[]): ReadonlyMap<number, number> {
  if (ports.length === 0) return new Map();
  const sockets = portInspector.findSockets(new Set(ports)).tcp ?? [];
  return new Map(
    sockets.flatMap(({ port, state, processIds: [first] }) =>
      state === 'listening' && first !== undefined ? [[port, first] as const] : [],
    ),
  );
}
