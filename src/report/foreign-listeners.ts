/** Who listens on ports of a pool and is no server of its run. */
import type { PortRange } from '../core/port-range.ts';
import { monotonicMs } from '../platform/clock.ts';
import { platform } from '../platform/platform.ts';
import type { ForeignListenerReport } from './format.ts';

/** To look who listens on a port takes milliseconds, on a machine with many processes many. What is left is told without its process. */
const LOOK_MS = 100;

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
  const deadlineMs = monotonicMs() + LOOK_MS;
  return foreign
    .toSorted((one, other) => one - other)
    .map((port) => (monotonicMs() < deadlineMs ? describe(port) : withoutProcess(port)));
}

function describe(port: number): ForeignListenerReport {
  const [listener] = platform.findListeners(port) ?? [];
  return { port, processId: listener?.processId, command: listener?.command };
}

function withoutProcess(port: number): ForeignListenerReport {
  return { port, processId: undefined, command: undefined };
}
