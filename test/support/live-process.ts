/**
 * The processes of a test, all of them: each has what it wrote to its standard error kept for messages, and none
 * outlives its test. See test-setup.ts for the latter, program.ts for processes that do what a test tells them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

export interface LiveProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves when it has ended and all of its output is there. */
  readonly exit: Promise<Exit>;
  /** SIGKILL; resolves when it is gone. */
  readonly kill: () => Promise<void>;
}

export interface ProcessOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly stdin?: 'ignore' | 'pipe';
  readonly stdout?: 'ignore' | 'pipe';
  /** A channel for messages. */
  readonly ipc?: boolean;
}

const live = new Set<LiveProcess>();

export function startProcess(command: readonly string[], options: ProcessOptions = {}): LiveProcess {
  const { env, cwd, stdin = 'ignore', stdout = 'ignore', ipc = false } = options;
  const child = spawn(command[0] as string, command.slice(1), {
    env,
    cwd,
    stdio: [stdin, stdout, 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    serialization: 'advanced',
  });
  // How a process ends that takes no more orders is told by its exit.
  child.stdin?.on('error', () => undefined);
  const stderr = text(child.stderr as NodeJS.ReadableStream);
  const gone = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const exit = gone.then(async ([code, signal]) => ({ code, signal, stderr: await stderr }));
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  const started: LiveProcess = { child, pid: child.pid as number, exit, kill, [Symbol.asyncDispose]: kill };
  live.add(started);
  void gone.then(() => live.delete(started));
  return started;
}

export function liveProcesses(): ReadonlySet<LiveProcess> {
  return new Set(live);
}

/** Those that were started later than `before` was made. */
export async function endProcessesSince(before: ReadonlySet<LiveProcess>): Promise<void> {
  const later = [...live].filter((one) => !before.has(one));
  await Promise.all(later.map(async (one) => one.kill()));
}

/** A signal for which Node has no other use. */
export const REPORT_SIGNAL = 'SIGUSR2';
/** Any user may write there. */
export const reportFolder: string = path.join(tmpdir(), 'portslice-test-reports');

/** Options with which Node writes down where it stands when it gets the signal. */
export function reportOptions(): readonly string[] {
  if (mkdirSync(reportFolder, { recursive: true }) !== undefined) chmodSync(reportFolder, 0o1777);
  return ['--report-on-signal', `--report-signal=${REPORT_SIGNAL}`, `--report-directory=${reportFolder}`];
}
