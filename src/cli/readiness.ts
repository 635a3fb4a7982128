/** When the servers of a command are ready, so that others may join them. */
import { describeProcess } from '../errors/index.ts';
import { startInterval, stopInterval } from '../platform/clock.ts';
import { platform } from '../platform/platform.ts';
import type { ProcessTree } from '../platform/process-tree.ts';
import { tell } from '../server/run-ports/claim-run-port.ts';
import type { CommandPort } from './command-ports.ts';

const LOOK_EVERY_MS = 50;
const ANSWER_TIMEOUT_MS = 2000;

/**
 * Announces each port on which a process of the command listens, if need be only when the URL answers. Tells of a stranger
 * who listens there instead. Keeps no process alive.
 * @returns stops it
 */
export function watchForReadiness(
  ports: readonly CommandPort[],
  tree: ProcessTree,
  readyUrl: string | undefined,
): () => void {
  const waiting = new Set(ports.filter(({ served }) => served !== undefined));
  const told = new Set<CommandPort>();
  let answers = readyUrl === undefined;
  let isAsking = false;
  const look = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    const listening = platform.findListeningPorts();
    for (const port of waiting) {
      if (listening?.has(port.port) !== true || !isServed(port, tree, told)) continue;
      answers ||= await answersWell(readyUrl as string);
      if (!answers) continue;
      port.served?.announceReady();
      waiting.delete(port);
    }
    isAsking = false;
    if (waiting.size === 0) stop();
  };
  const timer = startInterval(() => void look(), LOOK_EVERY_MS);
  const stop = (): void => stopInterval(timer);
  timer.unref();
  return stop;
}

function isServed(port: CommandPort, tree: ProcessTree, told: Set<CommandPort>): boolean {
  const listeners = platform.findListeners(port.port) ?? [];
  const strangers = listeners.filter(({ processId }) => processId === undefined || !tree.has(processId));
  const [stranger] = strangers;
  if (stranger === undefined) return listeners.length > 0;
  if (!told.has(port))
    tell(`port ${port.port} is listened on by ${describeProcess(stranger)}, not by the command`);
  told.add(port);
  return false;
}

async function answersWell(url: string): Promise<boolean> {
  try {
    const { ok, status, body } = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    await body?.cancel();
    return ok || (status >= 300 && status < 400);
  } catch {
    // It does not answer yet.
    return false;
  }
}
