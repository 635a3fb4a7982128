/**
 * A server that a command has left running before it ended: `pg_ctl start`, `docker run -d`. It can be outside of the command's
 * tree, so nobody may listen before the launch, and a process that listens afterwards must be younger than that.
 */
import { describeEnd, type ServerCommandError } from '../errors/index.ts';
import { monotonicMs, pause } from '../platform/clock.ts';
import { platform } from '../platform/platform.ts';
import type { Listener } from '../platform/port-kernel.ts';
import { serverPlatform } from '../platform/server-platform.ts';
import type { CommandInstance } from './command-instance.ts';
import type { Instance, InstanceStop, StopFailure } from './instance.ts';
import { type Program, runToItsEnd, runWhileExiting } from './server-process.ts';
import type { ServerEnd } from './server.ts';

const LOOK_MS = 10;
const CORRECT_STOP_COMMAND = 'Correct stopCommand.';
const RAISE_TIMEOUT = 'Raise stopTimeoutMs, or correct stopCommand.';

export class LauncherInstance implements Instance {
  readonly processId: number;
  readonly startedAtMs: number;
  readonly begun: Promise<void>;
  readonly ended: Promise<ServerEnd>;
  readonly #launcher: CommandInstance;
  readonly #stopProgram: Program | undefined;
  readonly #stopTimeoutMs: number;
  readonly #write: (text: string) => void;
  /** Start times of those outside of the tree that listen. */
  readonly #others = new Map<number, number>();

  constructor(
    launcher: CommandInstance,
    stop: { readonly program: Program | undefined; readonly timeoutMs: number },
    write: (text: string) => void,
  ) {
    this.processId = launcher.processId;
    this.startedAtMs = launcher.startedAtMs;
    // Whether it has failed, it tells by its end.
    this.begun = launcher.exited.then(() => undefined);
    this.ended = launcher.ended;
    this.#launcher = launcher;
    this.#stopProgram = stop.program;
    this.#stopTimeoutMs = stop.timeoutMs;
    this.#write = write;
  }

  get problem(): string | undefined {
    return this.#launcher.problem;
  }

  survives({ exitCode }: ServerEnd): boolean {
    return exitCode === 0;
  }

  owns(socketIds: readonly string[]): boolean {
    return this.#launcher.owns(socketIds);
  }

  includes(listener: Listener): boolean {
    // Of a process that cannot be seen we know that it did not listen before.
    if (this.#launcher.includes(listener) || listener.processId === undefined) return true;
    const startTicks = serverPlatform.findStart(listener.processId);
    if (startTicks === undefined || startTicks < (this.#launcher.startTicks ?? Infinity)) return false;
    this.#others.set(listener.processId, startTicks);
    return true;
  }

  listSockets(): string[] {
    return this.#launcher.listSockets();
  }

  async stop(graceMs: number): Promise<InstanceStop> {
    const failure = await this.#runStopProgram();
    this.#signalOthers(this.#launcher.stopSignal);
    const stopped = await this.#launcher.stop(graceMs);
    const deadlineMs = monotonicMs() + graceMs;
    while (this.#findOthers().length > 0 && monotonicMs() < deadlineMs) await pause(LOOK_MS);
    const wasKilled = stopped.wasKilled || this.#findOthers().length > 0;
    this.#signalOthers('SIGKILL');
    return { failure: failure ?? stopped.failure, wasKilled };
  }

  keepProcessAlive(): void {
    this.#launcher.keepProcessAlive();
  }

  kill(): void {
    if (this.#stopProgram !== undefined) runWhileExiting(this.#stopProgram, this.#stopTimeoutMs);
    this.#launcher.kill();
    this.#signalOthers('SIGKILL');
  }

  async #runStopProgram(): Promise<StopFailure | undefined> {
    if (this.#stopProgram === undefined) return undefined;
    const text = `'${this.#stopProgram.command.join(' ')}'`;
    try {
      const end = await runToItsEnd(this.#stopProgram, this.#write, this.#stopTimeoutMs);
      if (end?.exitCode === 0) return undefined;
      if (end === undefined)
        return { problem: `${text} has not ended within ${this.#stopTimeoutMs} ms`, fix: RAISE_TIMEOUT };
      const problem = `${text} has ended with ${describeEnd(end)}`;
      return { problem, fix: CORRECT_STOP_COMMAND };
    } catch (error) {
      const { program, problem, fix } = error as ServerCommandError;
      return {
        problem: `'${program}' cannot be started: ${problem}`,
        fix: `${fix} ${CORRECT_STOP_COMMAND}`,
        cause: error,
      };
    }
  }

  #findOthers(): [processId: number, startTicks: number][] {
    return [...this.#others].filter(
      ([processId, start]) => platform.isRunning(processId) && serverPlatform.findStart(processId) === start,
    );
  }

  #signalOthers(signal: NodeJS.Signals): void {
    for (const [processId, start] of this.#findOthers())
      serverPlatform.signalProcess(processId, start, signal);
  }
}
