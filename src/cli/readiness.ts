/** When the servers of a command are ready, so that others may join them, and what is said if they are not. */
import { variableOf } from '../core/run-port-name.ts';
import { describeProcess, pointToPort } from '../errors/index.ts';
import { monotonicMs, pause } from '../platform/clock.ts';
import { platform } from '../platform/platform.ts';
import type { Listener } from '../platform/port-kernel.ts';
import type { ProcessTree } from '../platform/process-tree.ts';
import { serverPlatform } from '../platform/server-platform.ts';
import { isSuccess, untilAnswered } from '../server/http-answer.ts';
import { nextLook } from '../server/listening-watch.ts';
import { tell } from '../server/run-ports/claim-run-port.ts';
import { butOn } from '../server/run-ports/describe-served.ts';
import type { CommandPort } from './command-ports.ts';

/** A server that is not up by then may never be: some commands are no servers, and run for days. */
const ATTENTIVE_MS = 30_000;
const SLOW_PAUSE_MS = 250;
/** So long a run waits for a server that starts. Then its user would like to know. */
const SILENT_MS = 5000;

export interface ReadinessWatch {
  /** Of the ports that this process has: on which no process of the command has listened so far. */
  neverListenedOn(): readonly CommandPort[];
  stop(): void;
}

interface WatchRequest {
  readonly ports: readonly CommandPort[];
  readonly tree: ProcessTree;
  /** Until it answers, nothing is ready. */
  readonly readyUrl: string | undefined;
  /** Called when all ports that this process has are. */
  readonly noteReady: () => void;
}

/**
 * Announces each port on which a process of the command listens, if need be only when the URL answers. Tells of a stranger
 * who listens there instead, and, once, of a server that takes long.
 */
export function watchForReadiness({ ports, tree, readyUrl, noteReady }: WatchRequest): ReadinessWatch {
  const ending = new AbortController();
  const unserved = new Set(ports.filter(({ served }) => served !== undefined));
  let left = unserved.size;
  const watch = async (port: CommandPort): Promise<void> => {
    const startMs = monotonicMs();
    try {
      await untilServed(port, { ports, tree, startMs, signal: ending.signal });
      unserved.delete(port);
      if (readyUrl !== undefined) await untilAnswersWell(readyUrl, startMs, ending.signal);
      port.served?.announceReady();
      if (--left === 0) noteReady();
    } catch (error) {
      if (!ending.signal.aborted) throw error;
    }
  };
  for (const port of unserved) void watch(port);
  return { neverListenedOn: () => [...unserved], stop: () => ending.abort() };
}

interface Watched {
  readonly ports: readonly CommandPort[];
  readonly tree: ProcessTree;
  readonly startMs: number;
  readonly signal: AbortSignal;
}

async function untilServed(port: CommandPort, { ports, tree, startMs, signal }: Watched): Promise<void> {
  for (let hasTold = false, hasToldOfStranger = false; ;) {
    const sockets = await nextLook();
    signal.throwIfAborted();
    const isListenedOn = sockets?.some((socket) => socket.port === port.port) === true;
    const listeners = isListenedOn ? (platform.findListeners(port.port) ?? []) : [];
    const stranger = listeners.find((listener) => isStranger(listener, tree));
    if (stranger === undefined && listeners.length > 0) return;
    const ranMs = monotonicMs() - startMs;
    if (stranger !== undefined && !hasToldOfStranger) {
      tell(
        `port ${port.port} is listened on by ${describeProcess(stranger)}, not by the command. ` +
          `Stop that process, and start again. ${pointToPort(port.port)}`,
      );
      hasToldOfStranger = true;
    } else if (stranger === undefined && !hasTold && ranMs > SILENT_MS) {
      tell(describeAbsence(port, findOtherAddresses(tree, ports)));
      hasTold = true;
    }
    if (hasToldOfStranger || ranMs > ATTENTIVE_MS) await pause(SLOW_PAUSE_MS, signal);
  }
}

/** Where the OS does not even tell what we have ourselves, nobody is one. */
function isStranger({ processId }: Listener, tree: ProcessTree): boolean {
  return processId === undefined ? serverPlatform.canListSockets(process.pid) : !tree.has(processId);
}

function describeAbsence({ name, port }: CommandPort, addresses: readonly string[]): string {
  const variable = variableOf(name);
  const advice =
    addresses.length === 0 ? '' : `: give it its port by {${variable}}, or as the variable it heeds`;
  return `the command does not listen on port ${port} (${variable}) yet${butOn(addresses)}${advice}`;
}

/** Where the command listens, besides the ports that it was given. */
function findOtherAddresses(tree: ProcessTree, ports: readonly CommandPort[]): string[] {
  const addresses = tree.findProcesses().flatMap((processId) => platform.findAddressesOfProcess(processId));
  const isOwn = (address: string): boolean => ports.some(({ port }) => address.endsWith(`:${port}`));
  return [...new Set(addresses)].filter((address) => !isOwn(address));
}

async function untilAnswersWell(url: string, startMs: number, signal: AbortSignal): Promise<void> {
  let hasTold = false;
  const note = (sentence: string): void => {
    if (hasTold || monotonicMs() - startMs <= SILENT_MS) return;
    hasTold = true;
    tell(`the server is not ready yet, so that no test joins it: ${sentence}`);
  };
  await untilAnswered({ url, isExpected: isSuccess, note }, signal);
}
