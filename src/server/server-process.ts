/** Starts a program, with all that it writes passed on, and knows its end. */
import type { ChildProcess } from 'node:child_process';
import { ServerCommandError } from '../errors/index.ts';
import { fileSystem } from '../platform/file-system.ts';
import type { ServerEnd } from './server.ts';
import { spawn, spawnSync } from './spawn.ts';
import { isFulfilledWithin } from './within.ts';

export interface Program {
  /** As the user calls it: the command can be wrapped. */
  readonly name: string;
  readonly command: readonly string[];
  /** All of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string | undefined;
  /** A descriptor of this process that the program gets as the first one after the standard streams. */
  readonly handed?: number | undefined;
}

/** After its end a process's last words are still on their way, unless a descendant keeps the pipes open. */
const LAST_WORDS_MS = 200;

export interface StartedProcess {
  readonly processId: number;
  /** Never rejects. */
  readonly exited: Promise<ServerEnd>;
  /** The same, when its last words are written, too. */
  readonly ended: Promise<ServerEnd>;
  hasEnded(): boolean;
  keepProcessAlive(): void;
  kill(): void;
  /** Closes its pipes, whoever has the other ends. */
  close(): void;
}

/** @throws ServerCommandError if the program cannot be started */
export async function startProcess(
  program: Program,
  write: (text: string) => void,
  onStart: (processId: number) => void,
): Promise<StartedProcess> {
  const child = spawnChild(program);
  if (child.pid === undefined) throw commandError(program, await errorOf(child));
  onStart(child.pid);
  // Of a process that has started: it could not be sent a signal, say.
  child.on('error', () => undefined);
  const closed = pass(child, write);
  const exited = new Promise<ServerEnd>((resolve) => {
    child.once('exit', (exitCode, signal) => {
      resolve({ exitCode: exitCode ?? undefined, signal: signal ?? undefined });
    });
  });
  const streams = [child.stdin, child.stdout, child.stderr];
  letGo(child, streams);
  return {
    processId: child.pid,
    exited,
    ended: exited.then(async (end) => {
      await isFulfilledWithin(closed, LAST_WORDS_MS);
      return end;
    }),
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    keepProcessAlive: () => child.ref(),
    kill: () => void child.kill('SIGKILL'),
    close: () => streams.forEach((stream) => stream?.destroy()),
  };
}

/** @returns undefined if it has not ended in time; then it is killed */
export async function runToItsEnd(
  program: Program,
  write: (text: string) => void,
  timeoutMs: number,
): Promise<ServerEnd | undefined> {
  const started = await startProcess(program, write, () => {});
  const isOver = await isFulfilledWithin(started.ended, timeoutMs);
  if (!isOver) started.kill();
  started.close();
  return isOver ? started.ended : undefined;
}

/** For the end of this process, which waits for nothing that is asynchronous. */
export function runWhileExiting({ command, environment, cwd }: Program, timeoutMs: number): void {
  spawnSync(command, {
    env: environment,
    ...(cwd === undefined ? {} : { cwd }),
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    stdio: 'ignore',
  });
}

function spawnChild(program: Program): ChildProcess {
  try {
    // It does not get the terminal's Ctrl-C: we end it, in order.
    return spawn(program.command, 'background', {
      env: program.environment,
      ...(program.cwd === undefined ? {} : { cwd: program.cwd }),
      // Some programs end with their standard input, so it stays open until their end.
      stdio: ['pipe', 'pipe', 'pipe', ...(program.handed === undefined ? [] : [program.handed])],
    });
  } catch (error) {
    // Arguments that are too long, or that no program can be given.
    throw commandError(program, error as NodeJS.ErrnoException);
  }
}

/** Resolves when both streams have ended. */
async function pass(child: ChildProcess, write: (text: string) => void): Promise<void> {
  // It need not read.
  child.stdin?.on('error', () => undefined);
  const streams = [child.stdout, child.stderr].flatMap((stream) => stream ?? []);
  const ends = streams.map(async (stream) => {
    // A character can begin in one chunk and end in the next.
    stream.setEncoding('utf8');
    stream.on('data', write);
    await new Promise((resolve) => stream.once('close', resolve).once('error', resolve));
  });
  await Promise.all(ends);
}

/** A server that is not stopped does not keep the process alive: it ends with it. */
function letGo(child: ChildProcess, streams: readonly unknown[]): void {
  child.unref();
  // They are sockets, whatever their type says.
  for (const stream of streams) (stream as { unref?: () => void } | null)?.unref?.();
}

/** Of a process that could not be started, its only event. */
async function errorOf(child: ChildProcess): Promise<NodeJS.ErrnoException> {
  return new Promise((resolve) => child.once('error', resolve));
}

function commandError({ name, cwd }: Program, error: NodeJS.ErrnoException): ServerCommandError {
  return new ServerCommandError({
    program: name,
    cwd,
    hasFolder: cwd === undefined || isFolder(cwd),
    errnoName: error.code,
    cause: error,
  });
}

function isFolder(path: string): boolean {
  return fileSystem().statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
