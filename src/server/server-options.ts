/** What a server is started with. */
import type { AcquireOptions } from '../pool/api/owner-options.ts';
import type { TCPPortOwner } from '../pool/api/tcp-port-owner.ts';
import type { Server } from './server.ts';

/** The name of a server's first port. */
export const FIRST_PORT_NAME = 'port';

/** The ports of a server by their names. The first one's name is 'port'. */
export type ServerPorts = Readonly<Record<string, TCPPortOwner>>;

/** An in-process server: starts to listen, and is closed by what it returns, or when the signal is aborted. */
export type ServerFunction = (
  ports: ServerPorts,
  signal: AbortSignal,
) => ServerCloser | void | Promise<ServerCloser | void>;

/** What ends an in-process server: a function, or a server of Node. */
export type ServerCloser = (() => unknown) | { close(done?: (error?: Error) => void): unknown };

/** When a server counts as ready. */
export type Readiness =
  /**
   * 'listening': it listens on all of its ports. A path such as '/health', or a URL in which {port} is replaced: it listens on the
   * first one and on those that are named, and answers with a status from 200 to 399.
   */
  | string
  /** The same with a status of your own choice. */
  | { readonly url: string; readonly status: number | readonly number[] }
  /** It listens on its first port, and its output matches. */
  | RegExp
  /** Called again and again, from when it listens on its first port, until it answers true. */
  | ((server: Server) => boolean | Promise<boolean>);

/** A command that ends as soon as the server runs in the background: `pg_ctl start`, `docker run -d`. */
export interface LauncherOptions {
  /** Ends the server, such as ['docker', 'stop', 'db']. {port} is replaced. Without it, the processes that it has started are ended. */
  readonly stopCommand?: readonly string[];
}

export interface StartServerOptions extends Omit<AcquireOptions, 'label'> {
  /**
   * The program and its arguments, or a text for the shell. `{port}` is replaced by the port, `{port:admin}` by a second one
   * of that name.
   */
  command: readonly string[] | string | ServerFunction;
  /** More ports by name, besides those that `{port:name}` asks for. */
  portNames?: readonly string[] | undefined;
  /** Added to the environment of this process, in which PORT is set. undefined removes a variable. {port} is replaced. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Default: that of this process. {port} is replaced. */
  cwd?: string | undefined;
  /** Default: 'listening'. */
  ready?: Readiness | undefined;
  /** Milliseconds from 0 to 2,147,483,647. Default: 30,000. Fixtures wait for at most four fifths of the test's time-out. */
  readyTimeoutMs?: number | undefined;
  /** How `stop()` asks the processes to end. Default: 'SIGTERM'. */
  stopSignal?: NodeJS.Signals | undefined;
  /** How long they may take before they are killed: milliseconds from 0 to 2,147,483,647. Default: 5,000. */
  stopTimeoutMs?: number | undefined;
  /** The command ends once it has started the server. */
  launcher?: boolean | LauncherOptions | undefined;
  /**
   * 'inherit': the first port listens before the server is started, and the server is given the socket as descriptor 3: `{fd}` in
   * arguments and variables, LISTEN_FDS, LISTEN_PID. No connection is refused while it starts. Default: the server listens itself.
   */
  listen?: 'inherit' | undefined;
  /** With listen: 'inherit': no connection is refused during `restart()` either; those of that time wait. Default: false. */
  keepListening?: boolean | undefined;
  /** Shown in messages and reports. Default: the command. */
  label?: string | undefined;
}
