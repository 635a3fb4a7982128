/**
 * The watchdog, from the side of the watched process: a process that outlives this thread, however it ends, and then ends the servers
 * that it has started. One for each thread, since a thread of a runner can be terminated alone. It is told of the trees through
 * a pipe, one order a line, which the kernel closes with us: '+MARK' a tree is opened, '+MARK:...' what is known of it, '-MARK' it
 * is closed.
 */
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

/** Where something ends every watchdog at once, it is not started for ever. */
const MAX_RESTARTS = 10;

export class TreeGuard {
  readonly #spawn: () => ChildProcess;
  readonly #program: string;
  #pipe: Socket | undefined;
  #restarts = 0;
  /** Of the trees that are open: what a watchdog has to know of each. */
  readonly #orders = new Map<string, string[]>();

  /**
   * @param spawn starts a watchdog, which reads the orders from its descriptor 3
   * @param program what it runs in, in words
   */
  constructor(spawn: () => ChildProcess, program: string) {
    this.#spawn = spawn;
    this.#program = program;
  }

  /** @returns why there is no watchdog, and what to do, in words; undefined: there is one */
  open(mark: string): string | undefined {
    this.#orders.set(mark, []);
    if (this.#restarts >= MAX_RESTARTS)
      return `the ${this.#program} that waits for the end of this process is ended again and again, so a server is not ended if this process is killed. Let whatever ends it spare it`;
    if (this.#pipe === undefined && !this.#start())
      return "the program 'sh' cannot be started, so a server is not ended if this process is killed. Check that it is in PATH and that one more process may be started";
    this.#order(mark, `+${mark}`);
    return undefined;
  }

  /** Of a tree that is open. */
  tell(mark: string, fact: string): void {
    this.#order(mark, `+${mark}:${fact}`);
  }

  close(mark: string): void {
    this.#orders.delete(mark);
    this.#pipe?.write(`-${mark}\n`);
  }

  /** Node tries to write at once, so that the watchdog knows it even if this process is killed right after. */
  #order(mark: string, text: string): void {
    this.#orders.get(mark)?.push(text);
    this.#pipe?.write(`${text}\n`);
  }

  #start(): boolean {
    const child = this.#spawn();
    const pipe = child.stdio[3] as Socket;
    // Why it did not start makes no difference, and of its end the pipe tells.
    child.on('error', () => undefined);
    pipe.on('error', () => undefined);
    if (child.pid === undefined) return false;
    child.unref();
    pipe.unref();
    this.#pipe = pipe;
    pipe.once('close', () => {
      if (this.#pipe !== pipe) return;
      this.#pipe = undefined;
      // Somebody has ended it.
      if (this.#orders.size > 0 && ++this.#restarts < MAX_RESTARTS) this.#start();
    });
    for (const texts of this.#orders.values()) for (const text of texts) pipe.write(`${text}\n`);
    return true;
  }
}
