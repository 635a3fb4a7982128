/** A worker of a storm, as the storm sees it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { Order, Report, WorkerConfig } from './protocol.ts';

export class Worker {
  readonly #child: ChildProcess;
  readonly #errors: Promise<string>;
  readonly #exit: Promise<unknown>;
  readonly #reports: Report[] = [];

  constructor(config: WorkerConfig, env: NodeJS.ProcessEnv) {
    this.#child = fork(new URL('worker.program.ts', import.meta.url), [JSON.stringify(config)], {
      env,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#exit = once(this.#child, 'exit');
    this.#errors = text(this.#child.stderr as NodeJS.ReadableStream);
    this.#child.on('message', (report: Report) => this.#reports.push(report));
  }

  get processId(): number {
    return this.#child.pid as number;
  }

  tell(order: Order): void {
    this.#child.send(order);
  }

  /** Each kind of report comes once. @throws if the process ends without it */
  async next<K extends Report['kind']>(kind: K): Promise<Extract<Report, { kind: K }>> {
    for (;;) {
      const found = this.#reports.find((report) => report.kind === kind);
      if (found !== undefined) return found as Extract<Report, { kind: K }>;
      const outcome = await Promise.race([
        once(this.#child, 'message'),
        this.#exit.then(() => 'exit' as const),
      ]);
      if (outcome === 'exit') throw new Error(`A worker ended before '${kind}': ${await this.#errors}`);
    }
  }

  async end(): Promise<string> {
    this.#child.disconnect();
    await this.#exit;
    return this.#errors;
  }

  async kill(): Promise<void> {
    await kill(this.#child);
  }
}

/** Kills the process, if it is not dead yet, and waits for its end. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
