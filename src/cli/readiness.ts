/** When the servers of a command are ready, so that others may join them. */
import { describeProcess } from '../errors/index.ts';
import { monotonicMs, pause } from '../platform/clock.ts';
import { platform } from '../platform/platform.ts';
import type { ProcessTree } from '../platform/process-tree.ts';
import { isSuccess, untilAnswered } from '../server/http-answer.ts';
import { nextLook } from '../server/listening-watch.ts';
import { tell } from '../server/run-ports/claim-run-port.ts';
import type { CommandPort } from './command-ports.ts';

/** A server that is not up by then may never be: some commands are no servers, and run for days. */
const ATTENTIVE_MS = 30_000;
const SLOW_PAUSE_MS = 250;

/**
 * Announces each port on which a process of the command listens, if need be only when the URL answers. Tells of a stranger
 * who listens there instead.
 * @returns stops it
 */
export function watchForReadiness(
  ports: readonly CommandPort[],
  tree: ProcessTree,
  readyUrl: string | undefined,
): () => void {
  const ending = new AbortController();
  const watch = async (port: CommandPort): Promise<void> => {
    try {
      await untilServed(port, tree, ending.signal);
      if (readyUrl !== undefined)
        await untilAnswered({ url: readyUrl, isExpected: isSuccess, note: () => {} }, ending.signal);
      port.served?.announceReady();
    } catch (error) {
      if (!ending.signal.aborted) throw error;
    }
  };
  for (const port of ports) if (port.served !== undefined) void watch(port);
  return () => ending.abort();
}

async function untilServed(port: CommandPort, tree: ProcessTree, signal: AbortSignal): Promise<void> {
  const startMs = monotonicMs();
  for (let hasTold = false; ;) {
    const sockets = await nextLook();
    signal.throwIfAborted();
    if (sockets?.some((socket) => socket.port === port.port) === true) {
      const listeners = platform.findListeners(port.port) ?? [];
      const stranger = listeners.find(({ processId }) => processId === undefined || !tree.has(processId));
      if (stranger === undefined && listeners.length > 0) return;
      if (stranger !== undefined && !hasTold) {
        tell(`port ${port.port} is listened on by ${describeProcess(stranger)}, not by the command`);
        hasTold = true;
      }
    }
    if (hasTold || monotonicMs() - startMs > ATTENTIVE_MS) await pause(SLOW_PAUSE_MS, signal);
  }
}
