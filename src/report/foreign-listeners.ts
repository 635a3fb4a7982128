/** Who listens on ports of a pool and is no server of its run. */
import type { PortRange } from '../core/port-range.ts';
import { platform } from '../platform/platform.ts';
import type { ForeignListenerReport } from './format.ts';

/** Each look takes milliseconds. What is beyond is told without its process. */
const LOOKED_AT = 50;

/**
 * @param ownPorts what the run itself has left behind
 * @returns undefined where the system does not tell
 */
export function findForeignListeners(
  ranges: readonly PortRange[],
  ownPorts: ReadonlySet<number>,
): ForeignListenerReport[] | undefined {
  const inPool = (port: number): boolean =>
    ranges.some(({ firstPort, lastPort }) => firstPort <= port && port <= lastPort);
  const listening = platform.findListeningPorts();
  if (listening === undefined) return undefined;
  const foreign = [...listening].filter((port) => inPool(port) && !ownPorts.has(port));
  return foreign.toSorted((a, b) => a - b).map(describe);
}

function describe(port: number, place: number): ForeignListenerReport {
  const [listener] = place < LOOKED_AT ? (platform.findListeners(port) ?? []) : [];
  return { port, processId: listener?.processId, command: listener?.command };
}
