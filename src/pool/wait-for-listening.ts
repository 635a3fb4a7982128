/** Waits for a server, and makes sure that it is the right one. */
import { ForeignListenerError, InvalidOptionError, ServerExitedError, WaitTimeoutError } from '../errors.ts';
import { monotonicMs, pause } from '../platform/clock.ts';
import { isRunning } from '../platform/liveness.ts';
import { platform } from '../platform/platform.ts';
import type { Listener } from '../platform/port-kernel.ts';
import { describeListener } from './listeners.ts';
import { checkSignal, checkTimeout } from './owner-options.ts';
import { checkPort } from './port-in-use.ts';
import { TCPPortOwner } from './tcp-port-owner.ts';

export interface WaitForListeningOptions {
  /** Where to connect. Default: the owner's host, else 'localhost'. */
  host?: string;
  /** Default: 30,000. */
  timeoutMs?: number;
  /** Ends the wait with the signal's reason. */
  signal?: AbortSignal;
  /** Of the server: its end ends the wait, and only it or a process that it has started may listen. */
  pid?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const FIRST_POLL_MS = 2;
const LAST_POLL_MS = 25;
/** So that the end of the server is noticed soon even where packets are dropped. */
const MAX_CONNECT_MS = 500;

interface Target {
  readonly port: number;
  readonly host: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly processId: number | undefined;
}

/**
 * Resolves as soon as a server accepts connections on the port.
 * @throws WaitTimeoutError; ServerExitedError at once when process `pid` has ended; ForeignListenerError if another
 *   process than `pid` and its descendants listens; the signal's reason; InvalidOptionError
 */
export async function waitForListening(
  port: number | TCPPortOwner,
  options: WaitForListeningOptions = {},
): Promise<void> {
  const target = checkTarget(port, options);
  const deadlineMs = monotonicMs() + target.timeoutMs;
  for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(LAST_POLL_MS, pollMs * 1.3)) {
    target.signal?.throwIfAborted();
    const problem = await tryToConnect(target, deadlineMs - monotonicMs());
    target.signal?.throwIfAborted();
    rejectForeignListener(target, problem === undefined);
    if (problem === undefined) return;
    rejectDeadServer(target);
    if (monotonicMs() >= deadlineMs)
      throw new WaitTimeoutError(target.host, target.port, target.timeoutMs, problem);
    await pause(pollMs, target.signal);
  }
}

function checkTarget(port: number | TCPPortOwner, options: WaitForListeningOptions): Target {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, signal, pid: processId } = options;
  const portNumber = typeof port === 'number' ? port : (port as TCPPortOwner | null)?.port;
  checkPort(portNumber);
  checkTimeout('timeoutMs', timeoutMs);
  checkSignal(signal);
  if (processId !== undefined && (!Number.isInteger(processId) || processId <= 0)) {
    throw new InvalidOptionError('pid', processId, 'the id of a process');
  }
  const host = options.host ?? (port instanceof TCPPortOwner ? hostOf(port) : 'localhost');
  if (typeof host !== 'string' || host === '')
    throw new InvalidOptionError('host', host, 'a host name or address');
  return { port: portNumber, host, timeoutMs, signal, processId };
}

function hostOf(owner: TCPPortOwner): string {
  const { hostname } = new URL(owner.url());
  return hostname.replace(/^\[|\]$/g, '');
}

/** @returns why not, or undefined */
function tryToConnect({ host, port }: Target, leftMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    // Loaded here, since most processes that own ports never wait.
    const socket = process.getBuiltinModule('node:net').connect({ host, port, autoSelectFamily: true });
    const finish = (problem?: string): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(Math.min(MAX_CONNECT_MS, Math.max(1, leftMs)), () => finish('no answer'));
    socket.once('connect', () => finish());
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
  });
}

function rejectDeadServer({ port, processId }: Target): void {
  if (processId !== undefined && !isRunning(processId)) throw new ServerExitedError(port, processId);
}

/** While nobody listens there is nothing to compare. Where the OS does not tell who listens, anybody is accepted. */
function rejectForeignListener({ port, processId }: Target, isListening: boolean): void {
  if (processId === undefined || !isListening) return;
  const listeners = platform.openKernel().findListeners(port) ?? [];
  if (listeners.length === 0 || listeners.some((listener) => belongsTo(listener, processId))) return;
  const [foreign] = listeners as [Listener];
  const facts = { description: describeListener(foreign) };
  throw new ForeignListenerError(port, `pid ${processId}`, {
    ...facts,
    ...(foreign.processId === undefined ? {} : { processId: foreign.processId }),
    ...(foreign.command === undefined ? {} : { command: foreign.command }),
  });
}

function belongsTo(listener: Listener, processId: number): boolean {
  if (listener.processId === undefined) return true;
  return platform.openKernel().findAncestors(listener.processId).includes(processId);
}
