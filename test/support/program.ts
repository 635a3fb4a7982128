/**
 * The harness for programs of ours that do what a test tells them, in a process or thread of their own, as another user
 * or in other namespaces if need be. A program is a module that calls `serve` with its commands and exports their type:
 *
 *     export type Commands = typeof commands;                                // in the program
 *     await using one = startProgram<Commands>(new URL('it.program.ts', import.meta.url));
 *     const port = await one.call('claim');
 *
 * Nothing begins before a call, so a test that waits for `ready` of all programs has its start barrier.
 */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { cleanEnvironment } from './environment.ts';
import { type Exit, type LiveProcess, reportOptions, startProcess } from './live-process.ts';
import type { ErrorFacts, Reply, Request } from './serve.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- commands differ in what they take
type AnyCommands = Readonly<Record<string, (...args: any[]) => unknown>>;

export interface Program<Commands extends AnyCommands> extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when the program has loaded. */
  readonly ready: Promise<void>;
  /** Rejects with a RemoteError, or with how the program ended instead of answering. */
  readonly call: <Name extends keyof Commands>(
    name: Name,
    ...args: Parameters<Commands[Name]>
  ) => Promise<Awaited<ReturnType<Commands[Name]>>>;
  /** SIGKILL, or `terminate` for a thread; resolves when it is gone. */
  readonly kill: () => Promise<void>;
  /** Lets it end by itself. */
  readonly end: () => Promise<Exit>;
}

/** What a command threw in the program. */
export class RemoteError extends Error {
  readonly errorName: string;
  readonly code: string | undefined;
  readonly facts: ErrorFacts;

  constructor(facts: ErrorFacts) {
    super(facts.message);
    this.errorName = facts.name;
    this.code = facts.code;
    this.facts = facts;
  }
}

export interface ProgramOptions {
  /** What `programConfig` returns in the program: JSON. */
  readonly config?: unknown;
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
}

export interface ProcessProgramOptions extends ProgramOptions {
  /** A command that starts another one: `['unshare', '--net']`. */
  readonly wrapper?: readonly string[];
}

export function startProgram<Commands extends AnyCommands>(
  program: URL,
  options: ProcessProgramOptions = {},
): Program<Commands> {
  const { config = null, env = {}, nodeOptions = [], wrapper = [] } = options;
  const node = [...wrapper, process.execPath, ...reportOptions(), ...nodeOptions];
  const running: LiveProcess = startProcess([...node, fileURLToPath(program), JSON.stringify(config)], {
    env: cleanEnvironment(env),
    ipc: true,
  });
  const { child, pid, exit, kill } = running;
  const end = async (): Promise<Exit> => {
    if (child.connected) child.disconnect();
    return exit;
  };
  return talk<Commands>(program, {
    pid,
    exit,
    kill,
    end,
    send: (request) => child.send(request),
    onReply: (listener) => child.on('message', listener),
  });
}

export function startThread<Commands extends AnyCommands>(
  program: URL,
  { config = null, env = {}, nodeOptions = [] }: ProgramOptions = {},
): Program<Commands> {
  const thread = new Worker(program, {
    workerData: config,
    env: cleanEnvironment(env),
    execArgv: [...nodeOptions],
    // A program may close what Node has not opened.
    trackUnmanagedFds: false,
  });
  let stderr = '';
  thread.once('error', (error) => (stderr = String(error)));
  const exit = new Promise<Exit>((resolve) => {
    thread.once('exit', (code) => resolve({ code, signal: null, stderr }));
  });
  const kill = async (): Promise<void> => void (await thread.terminate());
  const end = async (): Promise<Exit> => {
    await kill();
    return exit;
  };
  return talk<Commands>(program, {
    pid: process.pid,
    exit,
    kill,
    end,
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    send: (request) => thread.postMessage(request),
    onReply: (listener) => thread.on('message', listener),
  });
}

interface Channel {
  readonly pid: number;
  readonly exit: Promise<Exit>;
  readonly kill: () => Promise<void>;
  readonly end: () => Promise<Exit>;
  readonly send: (request: Request) => void;
  readonly onReply: (listener: (reply: Reply) => void) => void;
}

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

function talk<Commands extends AnyCommands>(program: URL, channel: Channel): Program<Commands> {
  const { pid, exit, kill, end } = channel;
  const pending = new Map<number, Waiter>();
  const expect = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
  channel.onReply(({ id, value, error }) => {
    const waiter = pending.get(id);
    pending.delete(id);
    if (error === undefined) waiter?.resolve(value);
    else waiter?.reject(new RemoteError(error));
  });
  let ended: Error | undefined;
  const giveUp = ({ code, signal, stderr }: Exit): void => {
    ended = new Error(`${fileURLToPath(program)} has ended (${signal ?? code}). ${stderr}`);
    for (const waiter of pending.values()) waiter.reject(ended);
  };
  void exit.then(giveUp);
  const ready = expect(0).then(() => undefined);
  // Who never waits for it learns of the end by a call.
  ready.catch(() => undefined);
  let lastId = 0;
  const call = async (name: string, ...args: readonly unknown[]): Promise<unknown> => {
    if (ended !== undefined) throw ended;
    const answer = expect(++lastId);
    channel.send({ id: lastId, name, args });
    return answer;
  };
  return { pid, ready, kill, end, call: call as Program<Commands>['call'], [Symbol.asyncDispose]: kill };
}
