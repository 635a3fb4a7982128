/** A server that runs. */
import type { TCPPortOwner } from '../pool/api/tcp-port-owner.ts';
import type { ServerPorts } from './server-options.ts';

/** How the process of a server has ended. */
export interface ServerEnd {
  /** Undefined if a signal has ended it. */
  readonly exitCode: number | undefined;
  /** Such as 'SIGKILL'. */
  readonly signal: string | undefined;
}

export interface Server extends AsyncDisposable {
  /** Its first port, from 1 to 65535. */
  readonly port: number;
  readonly owner: TCPPortOwner;
  /** All its ports by name; the first is called 'port'. */
  readonly ports: ServerPorts;
  /** Of the process that was started last; undefined for an in-process server. */
  readonly pid: number | undefined;
  /** From the start of its process until it was ready, the last time. */
  readonly readyAfterMs: number;
  /**
   * Resolves when the process that was started last has ended, by itself or by `stop()` and `restart()`; for an in-process
   * server when it is closed. Never rejects. A running server does not keep this process alive; reading this property does,
   * until the server has ended.
   */
  readonly exited: Promise<ServerEnd>;
  /** As `TCPPortOwner.url` of its first port. */
  url(path?: string, protocol?: string): string;
  /** What it has written so far, both streams as they came; of much output only the end. */
  output(): string;
  /**
   * Stops and starts it again on the same ports, which are never given back in between.
   * @throws ServerStoppedError after `stop()`; ServerStopError; otherwise as `startServer`. It can be tried again
   */
  restart(): Promise<void>;
  /**
   * Ends all its processes, waits until its ports are free, and gives them back. Does nothing the second time.
   * @throws ServerStopError if something of it could not be ended. The ports are given back all the same
   */
  stop(): Promise<void>;
}
