/** Starts workers, real processes or threads, that own ports on behalf of a test. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { cleanEnvironment } from './environment.ts';
import { stopProcess } from './listening-server.ts';
import type { commands, ErrorFacts, Reply, Request } from './port-worker.program.ts';

type Commands = typeof commands;

export interface PortWorker extends AsyncDisposable {
  readonly pid: number;
  /** Rejects with a RemoteError. */
  call<Name extends keyof Commands>(
    name: Name,
    ...args: Parameters<Commands[Name]>
  ): Promise<Awaited<ReturnType<Commands[Name]>>>;
  /** SIGKILL, or `terminate` for a thread; resolves when the worker is gone. */
  kill(): Promise<void>;
}

/** What a command threw in the worker. */
export class RemoteError extends Error {
  readonly facts: ErrorFacts;
  readonly code: string | undefined;

  constructor(facts: ErrorFacts) {
    super(facts.message);
    this.facts = facts;
    this.code = facts.code;
  }
}

/** Warnings are asked for, not printed. */
const EXEC_ARGV = ['--no-warnings'];
const url = new URL('port-worker.program.ts', import.meta.url);

export interface PortWorkerOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly descriptorLimit?: number;
  /** A command that starts another one: `['unshare', '--net']`. */
  readonly wrapper?: readonly string[];
}

export function startPortWorker({
  env = {},
  descriptorLimit,
  wrapper = [],
}: PortWorkerOptions = {}): PortWorker {
  const command = [...wrapper, process.execPath];
  // A shell sets the limit, since a process cannot set it for its children.
  const limited = {
    execPath: '/bin/sh',
    execArgv: ['-c', `ulimit -n ${descriptorLimit}; exec "$0" "$@"`, process.execPath, ...EXEC_ARGV],
  };
  const child = fork(fileURLToPath(url), {
    execPath: command[0] as string,
    execArgv: [...command.slice(1), ...EXEC_ARGV],
    ...(descriptorLimit === undefined ? {} : limited),
    env: cleanEnvironment(env),
    serialization: 'advanced',
  });
  return makeWorker({
    pid: child.pid as number,
    send: (request) => child.send(request),
    onReply: (listener) => child.on('message', listener),
    onEnd: (listener) => child.once('exit', listener),
    kill: () => stopProcess(child),
  });
}

export async function startPortThread({ env = {} }: PortWorkerOptions = {}): Promise<PortWorker> {
  const thread = new Worker(url, { env: cleanEnvironment(env), execArgv: EXEC_ARGV });
  await once(thread, 'online');
  return makeWorker({
    pid: process.pid,
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    send: (request) => thread.postMessage(request),
    onReply: (listener) => thread.on('message', listener),
    onEnd: (listener) => thread.once('exit', listener),
    kill: async () => void (await thread.terminate()),
  });
}

interface Channel {
  readonly pid: number;
  readonly send: (request: Request) => void;
  readonly onReply: (listener: (reply: Reply) => void) => void;
  readonly onEnd: (listener: () => void) => void;
  readonly kill: () => Promise<void>;
}

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

function makeWorker({ pid, send, onReply, onEnd, kill }: Channel): PortWorker {
  const pending = new Map<number, Waiter>();
  let lastId = 0;
  onReply(({ id, value, error }) => {
    const waiter = pending.get(id);
    pending.delete(id);
    if (error === undefined) waiter?.resolve(value);
    else waiter?.reject(new RemoteError(error));
  });
  onEnd(() => {
    for (const waiter of pending.values()) waiter.reject(new Error('The worker has ended.'));
    pending.clear();
  });
  const call = (name: keyof Commands, ...args: readonly unknown[]): Promise<unknown> => {
    return new Promise((resolve, reject) => {
      pending.set(++lastId, { resolve, reject });
      send({ id: lastId, name, args });
    });
  };
  return { pid, call: call as PortWorker['call'], kill, [Symbol.asyncDispose]: kill };
}
