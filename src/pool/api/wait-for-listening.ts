/** Waits for a server, and makes sure that it is the right one. */
import { ForeignListenerError, ServerExitedError, WaitTimeoutError } from '../../errors/index.ts';
import { monotonicMs, pause } from '../../platform/clock.ts';
import { platform } from '../../platform/platform.ts';
import type { Listener, ProcessEnd } from '../../platform/port-kernel.ts';
import { describeListener } from '../claim/describe-listeners.ts';
import { findOwnClaim } from '../session/open-sessions.ts';
import { isHeld } from '../session/port-claim.ts';
import type { TCPPortOwner } from './tcp-port-owner.ts';
import { MAX_CONNECT_MS, NO_ANSWER, tryToConnect } from './try-to-connect.ts';
import {
  checkTarget,
  type ServerProcess,
  type WaitForListeningOptions,
  type WaitTarget,
} from './wait-options.ts';

const FIRST_POLL_MS = 2;
const LAST_POLL_MS = 25;

/**
 * Resolves as soon as a server accepts connections on the port.
 * @throws WaitTimeoutError, which says where process `pid` listens instead; ServerExitedError at once when that process has
 *   ended; ForeignListenerError if another process than it and its descendants listens; the signal's reason; InvalidOptionError,
 *   also if `pid` is undefined since the program could not be started
 */
export async function waitForListening(
  port: number | TCPPortOwner,
  options: WaitForListeningOptions = {},
): Promise<void> {
  const target = checkTarget(port, options);
  const deadlineMs = monotonicMs() + target.timeoutMs;
  let lastProblem: string | undefined;
  for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(LAST_POLL_MS, pollMs * 1.3)) {
    target.signal?.throwIfAborted();
    const leftMs = deadlineMs - monotonicMs();
    const problem = await tryToConnect(target, leftMs);
    target.signal?.throwIfAborted();
    if (problem === undefined) rejectForeignListener(target);
    rejectDeadServer(target);
    if (problem === undefined) return;
    // A last try that was cut short tells less than those before it.
    if (problem !== NO_ANSWER || leftMs >= MAX_CONNECT_MS) lastProblem = problem;
    if (monotonicMs() >= deadlineMs) throw timeoutError(target, lastProblem ?? problem);
    await pause(pollMs, target.signal);
  }
}

function timeoutError({ host, port, timeoutMs, processId }: WaitTarget, problem: string): WaitTimeoutError {
  const elsewhere = problem === NO_ANSWER ? undefined : findElsewhere(port, processId);
  return new WaitTimeoutError({ host, port, timeoutMs, problem, elsewhere });
}

/** @returns where the server listens instead, in words */
function findElsewhere(port: number, processId: number | undefined): string | undefined {
  const addresses =
    processId === undefined ? platform.findAddressesOfPort(port) : platform.findAddressesOfProcess(processId);
  if (addresses.length === 0) return undefined;
  const server = processId === undefined ? 'a server' : `process ${processId}, or one that it has started,`;
  return `${server} listens on ${addresses.join(' and ')}`;
}

function rejectDeadServer({ port, processId, process: child }: WaitTarget): void {
  if (processId === undefined) return;
  let end = findEnd(processId, child);
  if (end === undefined) {
    if (platform.isRunning(processId)) return;
    // It may have ended after the first look.
    end = findEnd(processId, child);
    // Node will be told in a moment how, where the OS tells nobody else.
    if (end === undefined && child?.exitCode === null && child.signalCode === null) return;
  }
  throw new ServerExitedError({ port, processId, ...end, isHeldHere: isHeldHere(port) });
}

/** How the process has ended, where that is known. */
function findEnd(processId: number, child: ServerProcess | undefined): ProcessEnd | undefined {
  if (typeof child?.exitCode === 'number') return { exitCode: child.exitCode, signal: undefined };
  if (typeof child?.signalCode === 'string') return { exitCode: undefined, signal: child.signalCode };
  return platform.findEnd(processId);
}

/** By an owner of this thread, so that only a server that shares the port can listen on it. */
function isHeldHere(port: number): boolean {
  const claim = findOwnClaim(port);
  return claim !== undefined && isHeld(claim);
}

/** Where the OS does not tell who listens, anybody is accepted. */
function rejectForeignListener(target: WaitTarget): void {
  const { port, processId, process: child } = target;
  if (processId === undefined) return;
  const listeners = platform.findListeners(port) ?? [];
  if (listeners.length === 0 || listeners.some((listener) => belongsTo(listener, processId))) return;
  // A launcher that has started the other one: then its end tells what is to be done.
  if (findEnd(processId, child)?.exitCode === 0) rejectDeadServer(target);
  const [foreign] = listeners as [Listener];
  const description = describeListener(foreign);
  throw new ForeignListenerError({ ...foreign, port, expected: `pid ${processId}`, description });
}

/** Where we cannot look into the process, its user is all we know. */
function belongsTo(listener: Listener, processId: number): boolean {
  if (listener.processId !== undefined) return platform.findAncestors(listener.processId).includes(processId);
  return listener.userId === platform.findUser(processId);
}
