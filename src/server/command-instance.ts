/** A server that is a command: a tree of processes. */
import { monotonicMs, pause } from '../platform/clock.ts';
import { environmentOfProgram } from '../platform/environment.ts';
import { platform } from '../platform/platform.ts';
import type { Listener } from '../platform/port-kernel.ts';
import type { ProcessTree } from '../platform/process-tree.ts';
import { serverPlatform } from '../platform/server-platform.ts';
import type { Instance, InstanceStop, StopFailure } from './instance.ts';
import { startProcess, type StartedProcess } from './server-process.ts';
import type { ServerEnd } from './server.ts';

/** From SIGKILL to the end of a process there is a moment, and a long one where the machine is busy. */
const KILL_TIMEOUT_MS = 10_000;
const FIRST_LOOK_MS = 2;
const LAST_LOOK_MS = 50;

/** @throws ServerCommandError if the program cannot be started */
export async function startCommand(
  { command, env, cwd, handed, idVariable }: Command,
  stopSignal: NodeJS.Signals,
  write: (text: string) => void,
): Promise<CommandInstance> {
  const tree = serverPlatform.openProcessTree();
  const startedAtMs = monotonicMs();
  try {
    const environment = environmentOfProgram({ ...env, ...tree.environment }, cwd ?? '.');
    const parts = typeof command === 'string' ? serverPlatform.shellCommand(command) : command;
    let startTicks: number | undefined;
    const onStart = (processId: number): void => {
      tree.add(processId);
      startTicks = serverPlatform.findStart(processId);
    };
    const [name = ''] = parts;
    const wrapped = {
      name,
      command: tree.wrap(parts, { environment, cwd, idVariable }),
      environment,
      cwd,
      handed,
    };
    const started = await startProcess(wrapped, write, onStart);
    return new CommandInstance(started, tree, stopSignal, startedAtMs, startTicks);
  } catch (error) {
    tree.close();
    throw error;
  }
}

export interface Command {
  /** A text is for the shell. */
  readonly command: readonly string[] | string;
  /** Added to the environment of this process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string | undefined;
  /** As `Program.handed`. */
  readonly handed?: number | undefined;
  /** A variable that is to have the server's process id. */
  readonly idVariable?: string | undefined;
}

/** A server that is a command. */
export class CommandInstance implements Instance {
  readonly processId: number;
  readonly startedAtMs: number;
  readonly begun: Promise<void> = Promise.resolve();
  readonly ended: Promise<ServerEnd>;
  /** The same, whatever it still has to say. */
  readonly exited: Promise<ServerEnd>;
  readonly #process: StartedProcess;
  readonly #tree: ProcessTree;
  readonly stopSignal: NodeJS.Signals;
  /** When its process was started, as `ServerPlatform.findStart`. */
  readonly startTicks: number | undefined;

  constructor(
    started: StartedProcess,
    tree: ProcessTree,
    stopSignal: NodeJS.Signals,
    startedAtMs: number,
    startTicks: number | undefined,
  ) {
    this.processId = started.processId;
    this.ended = started.ended;
    this.exited = started.exited;
    this.startedAtMs = startedAtMs;
    this.#process = started;
    this.#tree = tree;
    this.stopSignal = stopSignal;
    this.startTicks = startTicks;
  }

  get problem(): string | undefined {
    return this.#tree.problem;
  }

  survives(): boolean {
    return false;
  }

  owns(socketIds: readonly string[]): boolean {
    const missing = new Set(socketIds);
    const remove = (processId: number): boolean => {
      for (const id of serverPlatform.listSockets(processId)) missing.delete(id);
      return missing.size === 0;
    };
    // Mostly it is the very process, and the others need not be found.
    return (!this.#process.hasEnded() && remove(this.processId)) || this.#tree.findProcesses().some(remove);
  }

  includes({ processId, userId }: Listener): boolean {
    if (processId !== undefined) return this.#tree.has(processId);
    // It can only be one that we cannot look into, and of that the user is all we know.
    return this.#tree
      .findProcesses()
      .some((member) => !serverPlatform.canListSockets(member) && platform.findUser(member) === userId);
  }

  listSockets(): string[] {
    return this.#tree.findProcesses().flatMap((member) => serverPlatform.listSockets(member));
  }

  async stop(graceMs: number): Promise<InstanceStop> {
    this.#tree.signal(this.stopSignal);
    let left = await this.#waitForEnd(graceMs);
    const wasKilled = left.length > 0;
    if (wasKilled) left = await this.#waitForEnd(KILL_TIMEOUT_MS, 'SIGKILL');
    // Its last words are often those that tell most.
    if (left.length === 0) await this.ended;
    this.#process.close();
    this.#tree.close();
    return { failure: left.length === 0 ? undefined : stillThere(left), wasKilled };
  }

  keepProcessAlive(): void {
    this.#process.keepProcessAlive();
  }

  kill(): void {
    this.#tree.signal('SIGKILL');
  }

  /**
   * Looks at the tree only when its first process has ended, since a look takes milliseconds.
   * @param again sent with each look, since a process can start another one at the last moment
   * @returns who is left
   */
  async #waitForEnd(timeoutMs: number, again?: NodeJS.Signals): Promise<number[]> {
    const deadlineMs = monotonicMs() + timeoutMs;
    for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(LAST_LOOK_MS, lookMs * 2)) {
      if (again !== undefined) this.#tree.signal(again);
      const leftMs = deadlineMs - monotonicMs();
      if (this.#process.hasEnded() || leftMs <= 0) {
        const left = this.#tree.findProcesses();
        if (left.length === 0 || leftMs <= 0) return left;
      }
      await pause(Math.min(lookMs, leftMs));
    }
  }
}

function stillThere(processIds: readonly number[]): StopFailure {
  const userId = processIds.map((processId) => platform.findUser(processId)).find(isForeign);
  return {
    problem: `pid ${processIds.join(', ')} is still there after SIGKILL`,
    fix:
      userId === undefined
        ? 'It ends when the device or network drive that it waits for answers: see to that.'
        : `End it as user ${userId}, or start the server without changing the user.`,
  };
}

function isForeign(userId: number | undefined): boolean {
  return userId !== undefined && userId !== platform.findUser(process.pid);
}
