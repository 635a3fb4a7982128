/** Waits for a server, and makes sure that it is the right one. */
import type { LookupFunction } from 'node:net';
import { isUnderLocalhost } from '../../core/host-name.ts';
import { ForeignListenerError, ServerExitedError, WaitTimeoutError } from '../../errors/index.ts';
import { monotonicMs, pause } from '../../platform/clock.ts';
import { platform } from '../../platform/platform.ts';
import type { Listener, ProcessEnd } from '../../platform/port-kernel.ts';
import { describeListener } from '../claim/describe-listeners.ts';
import { findOwnClaim } from '../session/open-sessions.ts';
import { isHeld } from '../session/port-claim.ts';
import type { TCPPortOwner } from './tcp-port-owner.ts';
import {
  checkTarget,
  type ServerProcess,
  type WaitForListeningOptions,
  type WaitTarget,
} from './wait-options.ts';

const FIRST_POLL_MS = 2;
const LAST_POLL_MS = 25;
/** So that the end of the server is noticed soon even where packets are dropped. */
const MAX_CONNECT_MS = 500;
/** Somebody listens at that very address and is busy, or packets are dropped. */
const NO_ANSWER = 'no answer';

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

/** @returns why not, or undefined */
function tryToConnect({ host, port }: WaitTarget, leftMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    // Loaded here, since most processes that own ports never wait.
    const lookup = isUnderLocalhost(host) ? { lookup: findLoopback } : {};
    const socket = process
      .getBuiltinModule('node:net')
      .connect({ host, port, autoSelectFamily: true, ...lookup });
    const finish = (problem?: string): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(Math.min(MAX_CONNECT_MS, Math.max(1, leftMs)), () => finish(NO_ANSWER));
    socket.once('connect', () => finish());
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
  });
}

/** Not every resolver knows names under localhost. */
const findLoopback: LookupFunction = (_host, _options, callback) => {
  callback(null, [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ]);
};

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
function rejectForeignListener({ port, processId }: WaitTarget): void {
  if (processId === undefined) return;
  const listeners = platform.findListeners(port) ?? [];
  if (listeners.length === 0 || listeners.some((listener) => belongsTo(listener, processId))) return;
  const [foreign] = listeners as [Listener];
  const description = describeListener(foreign);
  throw new ForeignListenerError({ ...foreign, port, expected: `pid ${processId}`, description });
}

/** Of a process that we cannot look into, the user is all we know. */
function belongsTo(listener: Listener, processId: number): boolean {
  if (listener.processId !== undefined) return platform.findAncestors(listener.processId).includes(processId);
  return listener.userId === platform.findUser(processId);
}
