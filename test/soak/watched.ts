/** A process that does its work under watch: it has to show progress, and is killed when it shows none. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { cleanEnvironment } from '../support/environment.ts';
import { stopProcess } from '../support/listening-server.ts';

/** From the program to its watcher. */
type WatchedMessage<R> = { readonly progress: true } | { readonly report: R };

export interface Outcome<R> {
  /** Undefined if the program ended without one. */
  readonly report: R | undefined;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether it was killed because it made no progress. */
  readonly hung: boolean;
  readonly stderr: string;
}

export interface Watched<R> extends AsyncDisposable {
  readonly pid: number;
  /** Resolves with the first sign of life. */
  readonly started: Promise<void>;
  readonly ended: Promise<Outcome<R>>;
  /** Lets the program begin, where it waits for that. */
  begin(): void;
  /** Asks the program to come to its end. */
  finish(): void;
  kill(): Promise<void>;
}

export interface WatchedOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A command that starts another one: `['unshare', '--net']`. */
  readonly wrapper?: readonly string[];
  /** The longest time without progress: of the processor's time, or ten times that of the clock's. */
  readonly patienceMs?: number;
}

/** Far beyond anything that a step takes. */
const PATIENCE_MS = 20_000;
/** A busy machine may let a process wait so many times longer than it works. */
const BUSY_FACTOR = 10;
const LOOK_EVERY_MS = 500;
const PROGRESS_EVERY_MS = 500;
/** Of /proc's times, on every Linux. */
const MS_PER_TICK = 10;

/** @param config the program's only argument, as JSON */
export function startWatched<R>(program: URL, config: unknown, options: WatchedOptions = {}): Watched<R> {
  const { env = {}, wrapper = [], patienceMs = PATIENCE_MS } = options;
  const command = [...wrapper, process.execPath];
  const child = fork(program, [JSON.stringify(config)], {
    execPath: command[0] as string,
    execArgv: command.slice(1),
    env: cleanEnvironment(env),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const stderr = text(child.stderr as NodeJS.ReadableStream);
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  let report: R | undefined;
  let hung = false;
  const giveUp = (): void => {
    hung = true;
    child.kill('SIGKILL');
  };
  let lastSign = { atMs: performance.now(), workedMs: 0 };
  // The start of a process and the wait for the others are no steps.
  let isAtWork = false;
  const watch = setInterval(() => {
    const waitedMs = performance.now() - lastSign.atMs;
    const workedMs = isAtWork ? processorMs(child.pid as number) - lastSign.workedMs : 0;
    if (workedMs > patienceMs || waitedMs > patienceMs * BUSY_FACTOR) giveUp();
  }, LOOK_EVERY_MS);
  const started = once(child, 'message').then(() => undefined);
  child.on('message', (message: WatchedMessage<R>) => {
    isAtWork = true;
    lastSign = { atMs: performance.now(), workedMs: processorMs(child.pid as number) };
    if ('report' in message) report = message.report;
  });
  const ended = closed.then(async ([exitCode, signal]) => {
    clearInterval(watch);
    return { report, exitCode, signal, hung, stderr: await stderr };
  });
  const kill = (): Promise<void> => stopProcess(child);
  return {
    pid: child.pid as number,
    started: Promise.race([started, ended.then(() => undefined)]),
    ended,
    begin: () => void (child.connected && child.send('begin')),
    finish: () => void (child.connected && child.send('finish')),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

/** For how long the process has worked. A process inside a wrapper that waits for it is not seen. */
function processorMs(processId: number): number {
  try {
    const status = readFileSync(`/proc/${processId}/stat`, 'latin1');
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  } catch {
    return 0;
  }
}

/** @throws an error with all that is known of a program that did not come to its end by itself */
export function reportOf<R>(outcome: Outcome<R>): R {
  const { report, exitCode, hung } = outcome;
  if (report === undefined || exitCode !== 0 || hung)
    throw new Error(`A program did not end well: ${JSON.stringify(outcome, undefined, 2)}`);
  return report;
}

/** Of the program: what it tells its watcher. */
export interface Watcher<R> {
  /** Resolves when the watcher lets the program begin. */
  readonly begun: Promise<void>;
  /** Call it after each step. */
  progress(): void;
  readonly isToFinish: () => boolean;
  /** The last thing that the program does. */
  report(result: R): void;
}

/** The program ends when its watcher is gone. */
export function reportToWatcher<R>(): Watcher<R> {
  let isToFinish = false;
  let shownAtMs = performance.now();
  const send = (message: WatchedMessage<R>): void => void process.send?.(message);
  const begun = new Promise<void>((resolve) => {
    process.on('message', (order: 'begin' | 'finish') => {
      if (order === 'begin') resolve();
      else isToFinish = true;
    });
  });
  process.once('disconnect', () => process.exit());
  send({ progress: true });
  return {
    begun,
    progress: () => {
      if (performance.now() - shownAtMs < PROGRESS_EVERY_MS) return;
      shownAtMs = performance.now();
      send({ progress: true });
    },
    isToFinish: () => isToFinish,
    report: (result) => {
      process.send?.({ report: result } satisfies WatchedMessage<R>, () => process.exit());
    },
  };
}
