/** The processes of one server: types only. A server can be behind npm and shells, fork twice and start sessions of its own. */

/** Where a command will be started. */
export interface CommandPlace {
  /** All of it. */
  readonly environment: NodeJS.ProcessEnv;
  readonly cwd?: string | undefined;
  /** A variable that is to have the id of the very process. */
  readonly idVariable?: string | undefined;
}

/** All processes that descend from one that was started, as far as the OS can tell. Of those that have ended it knows none. */
export interface ProcessTree {
  /** For the environment of the process that is started: by this mark its descendants are recognised. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * How to start the command so that its descendants are recognised even if they write over their environment. What is started
   * becomes the command itself, with the process id that it has.
   */
  wrap(command: readonly string[], place: CommandPlace): readonly string[];
  /** What this system does not keep of all this, in words that follow a colon, and what to do, without the last full stop; undefined: it keeps everything. */
  readonly problem: string | undefined;
  /**
   * The process was started right now, as the leader of a session of its own (`detached`). From now on the watchdog ends the
   * tree when this process or thread ends, however it does.
   */
  add(processId: number): void;
  /** Those that live, the oldest first. A look takes milliseconds. */
  findProcesses(): number[];
  /** Whether the process is one of them. Looks at its ancestors only. */
  has(processId: number): boolean;
  /** Sends the signal to every one of them; SIGKILL until none comes after. @returns to how many */
  signal(signal: NodeJS.Signals): number;
  /** It has ended: the watchdog forgets it. Nothing is signalled any more. */
  close(): void;
}
