/** Waits for a server, and makes sure that it is the right one. */
import {
  ForeignListenerError,
  InvalidOptionError,
  ServerExitedError,
  WaitTimeoutError,
} from '../../errors/index.ts';
import { monotonicMs, pause } from '../../platform/clock.ts';
import { platform } from '../../platform/platform.ts';
import type { Listener } from '../../platform/port-kernel.ts';
import { describeListener } from '../claim/listeners.ts';
import { checkInteger, checkNames, checkPort, checkSignal, checkTimeout } from '../session/option-checks.ts';
import { hostToConnect } from './owner-options.ts';
import type { TCPPortOwner } from './tcp-port-owner.ts';

export interface WaitForListeningOptions {
  /** Where to connect. Default: the owner's host, else 'localhost'. */
  host?: string | undefined;
  /** Default: 30,000. */
  timeoutMs?: number | undefined;
  /** Ends the wait with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Of the server: its end ends the wait, and only it or a process that it has started may listen. */
  pid?: number | undefined;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** The kernel's own limit. */
const MAX_PROCESS_ID = 2 ** 22;
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
    if (problem === undefined) rejectForeignListener(target);
    rejectDeadServer(target);
    if (problem === undefined) return;
    if (monotonicMs() >= deadlineMs) {
      throw new WaitTimeoutError(target.host, target.port, target.timeoutMs, problem);
    }
    await pause(pollMs, target.signal);
  }
}

function checkTarget(port: number | TCPPortOwner, options: WaitForListeningOptions): Target {
  checkNames(options, ['host', 'timeoutMs', 'signal', 'pid']);
  const { timeoutMs = DEFAULT_TIMEOUT_MS, signal, pid: processId } = options;
  // An owner is known by what it has: it can come from another copy of this module.
  const owner = typeof port === 'object' ? (port as TCPPortOwner | null) : undefined;
  const portNumber = owner?.port ?? port;
  checkPort(portNumber);
  checkTimeout('timeoutMs', timeoutMs);
  checkSignal(signal);
  if (processId !== undefined) checkInteger('pid', processId, 1, MAX_PROCESS_ID);
  const host = options.host ?? hostToConnect(owner?.hosts ?? ['localhost']);
  if (typeof host !== 'string' || host === '') {
    throw new InvalidOptionError('host', host, 'a host name or address');
  }
  return { port: portNumber, host, timeoutMs, signal, processId };
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
  if (processId !== undefined && !platform.isRunning(processId)) throw new ServerExitedError(port, processId);
}

/** Where the OS does not tell who listens, anybody is accepted. */
function rejectForeignListener({ port, processId }: Target): void {
  if (processId === undefined) return;
  const listeners = platform.findListeners(port) ?? [];
  if (listeners.length === 0 || listeners.some((listener) => belongsTo(listener, processId))) return;
  const [foreign] = listeners as [Listener];
  throw new ForeignListenerError(port, `pid ${processId}`, {
    ...foreign,
    description: describeListener(foreign),
  });
}

/** Of a process that we cannot look into, the user is all we know. */
function belongsTo(listener: Listener, processId: number): boolean {
  if (listener.processId !== undefined) return platform.findAncestors(listener.processId).includes(processId);
  return listener.userId === platform.findUser(processId);
}
