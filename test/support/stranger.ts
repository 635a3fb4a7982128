/** A Python process that binds and listens as it is told: a program that knows nothing of portslice. */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startProcess } from './live-process.ts';

export type SocketOption = 'SO_REUSEADDR' | 'SO_REUSEPORT';

export interface Endpoint {
  readonly family: 'ipv4' | 'ipv6';
  readonly host: string;
  readonly dual?: boolean;
}

/** 'done', or the name of the errno. */
type Outcome = string;

/** Every kind of address that a server binds. */
export const ENDPOINTS: readonly Endpoint[] = [
  { family: 'ipv4', host: '0.0.0.0' },
  { family: 'ipv4', host: '127.0.0.1' },
  { family: 'ipv4', host: '127.0.0.2' },
  { family: 'ipv6', host: '::' },
  { family: 'ipv6', host: '::1' },
  { family: 'ipv6', host: '::', dual: true },
];

export interface Stranger extends AsyncDisposable {
  open(endpoint: Endpoint | 'unix', options?: readonly SocketOption[]): Promise<number>;
  bind(id: number, endpoint: Endpoint, port: number): Promise<Outcome>;
  bindName(id: number, name: string): Promise<Outcome>;
  connectToName(id: number, name: string): Promise<Outcome>;
  listen(id: number): Promise<Outcome>;
  close(id: number): Promise<void>;
  /** Binds and listens, and keeps the socket if that works. */
  serve(endpoint: Endpoint, port: number, options?: readonly SocketOption[]): Promise<Outcome>;
  /** As `serve`, and closes again. */
  tryToServe(endpoint: Endpoint, port: number, options?: readonly SocketOption[]): Promise<Outcome>;
  /** Binds the abstract names. @returns how many it has got, as the next two do */
  takeNames(names: readonly string[]): Promise<number>;
  /** Binds the ports without any socket option, on the addresses in turn. */
  bindStrictly(ports: readonly number[]): Promise<number>;
  listenOn(ports: readonly number[]): Promise<number>;
  /** Takes the names and ports at random and gives them back, until the function that it returns is called. */
  churn(
    names: readonly string[],
    ports: readonly number[],
  ): Promise<() => Promise<{ names: number; ports: number }>>;
  networkNamespaceCookie(): Promise<string>;
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL('stranger.program.py', import.meta.url));

export function startStranger(python: string, userId?: number): Stranger {
  const { child, exit, kill } = startProcess(
    [python, program, ...(userId === undefined ? [] : [String(userId)])],
    { stdin: 'pipe', stdout: 'pipe' },
  );
  const lines = createInterface(child.stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]();

  let previous: Promise<unknown> = Promise.resolve();
  const ask = (request: object): Promise<{ value?: unknown; error?: string }> => {
    const answer = previous.then(async () => {
      child.stdin?.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`The Python program has ended: ${(await exit).stderr}`);
      return JSON.parse(value) as { value?: unknown; error?: string };
    });
    previous = answer;
    return answer;
  };
  const act = async (request: object): Promise<Outcome> => (await ask(request)).error ?? 'done';
  const get = async <T>(request: object): Promise<T> => {
    const { value, error } = await ask(request);
    if (error !== undefined) throw new Error(`Python answers ${error}.`);
    return value as T;
  };

  const serving = async (endpoint: Endpoint, port: number, options: readonly SocketOption[]) => {
    const id = await stranger.open(endpoint, options);
    const bound = await stranger.bind(id, endpoint, port);
    const outcome = bound === 'done' ? await stranger.listen(id) : bound;
    return { id, outcome };
  };
  const stranger: Stranger = {
    open: (endpoint, options = []) => {
      const kind = endpoint === 'unix' ? { family: 'unix' } : endpoint;
      return get({ act: 'open_socket', ...kind, options });
    },
    bind: (id, { host }, port) => act({ act: 'bind', id, host, port }),
    bindName: (id, name) => act({ act: 'bind', id, name }),
    connectToName: (id, name) => act({ act: 'connect', id, name }),
    listen: (id) => act({ act: 'listen', id }),
    close: (id) => get({ act: 'close', id }),
    serve: async (endpoint, port, options = []) => {
      const { id, outcome } = await serving(endpoint, port, options);
      if (outcome !== 'done') await stranger.close(id);
      return outcome;
    },
    tryToServe: async (endpoint, port, options = []) => {
      const { id, outcome } = await serving(endpoint, port, options);
      await stranger.close(id);
      return outcome;
    },
    takeNames: (names) => get({ act: 'take_names', names }),
    bindStrictly: (ports) => get({ act: 'bind_strictly', ports }),
    listenOn: (ports) => get({ act: 'listen_on', ports }),
    churn: async (names, ports) => {
      await get({ act: 'churn', names, ports });
      return () => get({ act: 'stop_churning' });
    },
    networkNamespaceCookie: () => get({ act: 'namespace_cookie' }),
    stop: kill,
    [Symbol.asyncDispose]: kill,
  };
  return stranger;
}
