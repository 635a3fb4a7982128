/** A server that is a function: it listens in this process. */
import type { Server as NetServer, Socket } from 'node:net';
import { monotonicMs } from '../platform/clock.ts';
import { platform } from '../platform/platform.ts';
import type { Listener } from '../platform/port-kernel.ts';
import { serverPlatform } from '../platform/server-platform.ts';
import { isPromise } from './foreign-values.ts';
import type { Instance, InstanceStop, StopFailure } from './instance.ts';
import type { ServerCloser, ServerFunction, ServerPorts } from './server-options.ts';
import type { ServerEnd } from './server.ts';
import { isFulfilledWithin } from './within.ts';

/** Requests on their way may end; then connections are cut, which clients would keep open for long. */
const REQUESTS_MS = 500;

export class FunctionInstance implements Instance {
  readonly processId: undefined;
  readonly problem: undefined;
  readonly startedAtMs: number = monotonicMs();
  readonly begun: Promise<void>;
  readonly ended: Promise<ServerEnd>;
  readonly #closer: Promise<ServerCloser | void>;
  /** To a server of Node, which are open. Only those of HTTP know them themselves. */
  readonly #connections = new Set<Socket>();
  readonly #stopping = new AbortController();
  #tellEnd: (end: ServerEnd) => void = () => {};

  constructor(start: ServerFunction, ports: ServerPorts) {
    this.ended = new Promise((resolve) => (this.#tellEnd = resolve));
    this.#closer = begin(start, ports, this.#stopping.signal, this.#connections);
    this.begun = this.#closer.then(() => undefined);
    // Who does not wait for it any more has another error.
    this.begun.catch(() => undefined);
  }

  survives(): boolean {
    return false;
  }

  owns(socketIds: readonly string[]): boolean {
    const own = new Set(this.listSockets());
    return socketIds.every((id) => own.has(id));
  }

  includes({ processId }: Listener): boolean {
    // Where the OS does not even tell what we have ourselves, anybody is accepted.
    if (processId === undefined) return !serverPlatform.canListSockets(process.pid);
    return platform.findAncestors(processId).includes(process.pid);
  }

  listSockets(): string[] {
    return [...serverPlatform.listSockets(process.pid)];
  }

  async stop(graceMs: number): Promise<InstanceStop> {
    this.#stopping.abort();
    try {
      const isClosed = await isFulfilledWithin(this.#close(graceMs), graceMs);
      return { failure: isClosed ? undefined : notClosed(graceMs), wasKilled: false };
    } catch (error) {
      const fix = 'Correct what the function of the server has returned to close it.';
      return { failure: { problem: String(error), fix, cause: error }, wasKilled: false };
    } finally {
      this.#tellEnd({ exitCode: undefined, signal: undefined });
    }
  }

  /** A server that listens here does so by itself. */
  keepProcessAlive(): void {}

  /** It ends with this process. */
  kill(): void {
    this.#stopping.abort();
  }

  async #close(graceMs: number): Promise<void> {
    // A start that has failed was told already.
    const closer = await this.#closer.catch(() => undefined);
    if (typeof closer === 'function') await closer();
    else if (closer !== undefined) await closeServer(closer, this.#connections, graceMs);
  }
}

function notClosed(graceMs: number): StopFailure {
  return {
    problem: `it is not closed after ${graceMs} ms`,
    fix: 'Let it end its connections and timers when it is closed, or raise stopTimeoutMs.',
  };
}

async function begin(
  start: ServerFunction,
  ports: ServerPorts,
  signal: AbortSignal,
  connections: Set<Socket>,
): Promise<ServerCloser | void> {
  const closer = await start(ports, signal);
  if (isServerOfNode(closer))
    closer.on('connection', (socket) => {
      connections.add(socket);
      socket.once('close', () => connections.delete(socket));
    });
  return closer;
}

function isServerOfNode(closer: ServerCloser | void): closer is NetServer {
  return typeof closer === 'object' && typeof (closer as Partial<NetServer>).on === 'function';
}

type ClosableServer = Exclude<ServerCloser, () => unknown>;

async function closeServer(
  server: ClosableServer,
  connections: ReadonlySet<Socket>,
  graceMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve, reject) => {
    const result = server.close((error) => {
      // It may have been closed by the test.
      if (error === undefined || isNotRunning(error)) resolve();
      else reject(error);
    });
    // Frameworks' close() returns a promise, and may not call anybody.
    if (isPromise(result)) result.then(() => resolve(), reject);
  });
  if (await isFulfilledWithin(closed, Math.min(REQUESTS_MS, graceMs / 2))) return;
  // It knows those, too, that were made before it was returned.
  (server as { closeAllConnections?: () => void }).closeAllConnections?.();
  for (const socket of connections) socket.destroy();
  await closed;
}

function isNotRunning(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ERR_SERVER_NOT_RUNNING';
}
