/** The other processes and threads of the self-test, each of which runs a file that lies beside this one. */
import { siblingFile } from '../platform/sibling-file.ts';
import type { Answer, Commands, Order } from './serve.ts';

export interface Party<C extends Commands> {
  readonly processId: number;
  /** Waits until it has started. Rejects with what it threw there, or with how the party has ended in place of an answer. */
  readonly call: <Name extends keyof C & string>(
    name: Name,
    ...args: Parameters<C[Name]>
  ) => Promise<Awaited<ReturnType<C[Name]>>>;
  readonly hasEnded: () => boolean;
  /** At once, by force: SIGKILL, or `terminate` for a thread. Resolves when it has ended. */
  readonly kill: () => Promise<void>;
}

/** What a process writes to its standard error is kept for its obituary, up to this. */
const MAX_LAST_WORDS = 2000;

/** @param file without its ending */
export function startProcess<C extends Commands>(file: string): Party<C> {
  const { fork } = process.getBuiltinModule('node:child_process');
  const child = fork(siblingFile(import.meta.url, file), [], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-MAX_LAST_WORDS);
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('exit', (code, signal) =>
      resolve(`it has ended (${signal ?? code}) ${findReason(lastWords)}`.trim()),
    );
  });
  return openParty<C>({
    processId: child.pid ?? 0,
    ended,
    kill: () => void child.kill('SIGKILL'),
    // Of a channel that is closed its end tells.
    send: (order) => void child.send(order, () => undefined),
    onAnswer: (listener) => void child.on('message', listener),
  });
}

/** Node says where before it says what. */
function findReason(text: string): string {
  return /^\w*Error\b.*$/m.exec(text)?.[0] ?? text;
}

/** @param file without its ending */
export function startThread<C extends Commands>(file: string): Party<C> {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const worker = new Worker(siblingFile(import.meta.url, file));
  let problem: string | undefined;
  worker.once('error', (error) => (problem = String(error)));
  const ended = new Promise<string>((resolve) => {
    worker.once('exit', (code) => resolve(problem ?? `it has ended (${code})`));
  });
  return openParty<C>({
    processId: process.pid,
    ended,
    kill: () => void worker.terminate(),
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    send: (order) => worker.postMessage(order),
    onAnswer: (listener) => void worker.on('message', listener),
  });
}

interface Channel {
  readonly processId: number;
  /** Fulfilled with how. */
  readonly ended: Promise<string>;
  readonly kill: () => void;
  readonly send: (order: Order) => void;
  readonly onAnswer: (listener: (answer: Answer) => void) => void;
}

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

function openParty<C extends Commands>(channel: Channel): Party<C> {
  const waiters = new Map<number, Waiter>();
  const answerTo = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => waiters.set(id, { resolve, reject }));
  channel.onAnswer(({ id, value, error }) => {
    const waiter = waiters.get(id);
    waiters.delete(id);
    if (error === undefined) waiter?.resolve(value);
    else waiter?.reject(new Error(error));
  });
  let obituary: string | undefined;
  const bury = (how: string): void => {
    obituary = how;
    for (const { reject } of waiters.values()) reject(new Error(how));
  };
  void channel.ended.then(bury);
  const ready = answerTo(0);
  // Whoever calls it learns of the end.
  ready.catch(() => undefined);
  let lastId = 0;
  const call = async (name: string, ...args: readonly unknown[]): Promise<unknown> => {
    await ready;
    if (obituary !== undefined) throw new Error(obituary);
    const answer = answerTo(++lastId);
    channel.send({ id: lastId, name, args });
    return answer;
  };
  const kill = async (): Promise<void> => {
    channel.kill();
    await channel.ended;
  };
  return {
    processId: channel.processId,
    call: call as Party<C>['call'],
    hasEnded: () => obituary !== undefined,
    kill,
  };
}
