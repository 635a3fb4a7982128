/** Starts the processes that are killed, and those that live on. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import readline from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Moment } from './kill-moments.ts';
import type { Arrival, Order } from './kill-victim.program.ts';
import type { Question, Questions } from './kill-witness.program.ts';

export interface Surroundings {
  /** The URL of what the witnesses load: portslice, as it is or with a fault. */
  readonly source: string;
  readonly cacheFolder: string;
  /** The working directory and the place for temporary files. Everything in it has been left behind. */
  readonly folder: string;
}

/** A bound for each answer, far above what any takes. */
const PATIENCE_MS = 60_000;

class Program {
  readonly child: ChildProcess;
  readonly #exit: Promise<unknown>;
  readonly #errors: Promise<string>;

  constructor(
    program: string,
    { cacheFolder, folder }: Surroundings,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ) {
    this.child = fork(fileURLToPath(new URL(program, import.meta.url)), args, {
      cwd: folder,
      execArgv: ['--no-warnings'],
      env: { ...process.env, TMPDIR: folder, NODE_COMPILE_CACHE: cacheFolder, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#exit = once(this.child, 'exit');
    this.#errors = text(this.child.stderr as NodeJS.ReadableStream);
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** The next of that event. @throws if the process ends instead, or takes too long */
  async next(emitter: NodeJS.EventEmitter, event: string): Promise<unknown> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const ended = this.#exit.then(async () => {
      throw new Error(`${this.child.spawnargs.join(' ')} ended: ${await this.#errors}`);
    });
    const [value] = (await Promise.race([once(emitter, event, { signal }), ended])) as unknown[];
    return value;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#exit;
    if (this.child.signalCode !== 'SIGKILL') throw new Error(`It ended by itself: ${await this.#errors}`);
  }
}

export class Victim {
  readonly #program: Program;
  readonly #ready: Promise<unknown>;
  readonly #arrival: Promise<Arrival>;

  constructor(surroundings: Surroundings) {
    this.#program = new Program('kill-victim.program.ts', surroundings);
    const { child } = this.#program;
    this.#ready = this.#program.next(child, 'message');
    this.#ready.catch(() => undefined);
    this.#arrival = this.#arrive();
    this.#arrival.catch(() => undefined);
  }

  async #arrive(): Promise<Arrival> {
    const lines = readline.createInterface({ input: this.#program.child.stdio[3] as NodeJS.ReadableStream });
    return JSON.parse((await this.#program.next(lines, 'line')) as string) as Arrival;
  }

  get pid(): number {
    return this.#program.pid;
  }

  /** Starts the act; resolves when the message is on its way. */
  async start({ act, point }: Moment, env: Order['env']): Promise<void> {
    await this.#ready;
    this.#program.child.send({ act, point, env } satisfies Order);
  }

  /** Resolves when the victim has stopped at the moment. @throws if it passed it by */
  async reach(moment: Moment, env: Order['env']): Promise<Arrival> {
    await this.start(moment, env);
    const arrival = await this.#arrival;
    if (arrival.point !== moment.point) throw new Error(`It was never so that ${moment.point}.`);
    return arrival;
  }

  /** Resolves when the kernel has torn the process down, which is before it tells the parent. */
  kill(): Promise<void> {
    return this.#program.kill();
  }
}

export class Witness {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  static async start(surroundings: Surroundings, env: Readonly<Record<string, string>>): Promise<Witness> {
    const program = new Program('kill-witness.program.ts', surroundings, [surroundings.source], env);
    await program.next(program.child, 'message');
    return new Witness(program);
  }

  get pid(): number {
    return this.#program.pid;
  }

  /** One question at a time. */
  async ask<Q extends Question>(question: Q, argument?: string): Promise<Awaited<ReturnType<Questions[Q]>>> {
    const answer = this.#program.next(this.#program.child, 'message');
    this.#program.child.send([question, argument]);
    return (await answer) as Awaited<ReturnType<Questions[Q]>>;
  }

  kill(): Promise<void> {
    return this.#program.kill();
  }
}
