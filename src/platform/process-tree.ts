/** The processes of one server: types only. A server can be behind npm and shells, fork twice and start sessions of its own. */

/** All processes that descend from one that was started, as far as the OS can tell. */
export interface ProcessTree {
  /** For the environment of the process that is started: by this mark its descendants are recognised. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * The process was started, as the leader of a session of its own. From now on the watchdog ends the tree if this process
   * dies.
   */
  add(processId: number): void;
  /** Those that live, from the root to its descendants. A look takes milliseconds. */
  findProcesses(): number[];
  /** Whether the process is one of them. */
  has(processId: number): boolean;
  /** Sends the signal to every one of them. @returns how many there were */
  signal(signal: NodeJS.Signals): number;
  /** It has ended: the watchdog forgets it. */
  close(): void;
}
