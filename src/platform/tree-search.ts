/**
 * Finds the processes of a server. One belongs to the tree if it, or a process it descends from,
 * - carries the tree's mark,
 * - is of the session that the process was started in,
 * - was seen in the tree before: its parent may have ended since,
 * - or was started by one that was seen, where the system tells that of orphans too.
 *
 * None of these is enough alone: redis and nginx write over their environment, postgres starts sessions, and a daemon is nobody's
 * child. What is known of a process is known of its number and its start, so that a number that is used again is nobody's.
 */

export interface LivingProcess {
  readonly parentId: number;
  readonly sessionId: number;
  /** With the number it names one process. That of a later process is not smaller. */
  readonly start: number;
  /** The start of the process that has started it, whatever became of that; undefined where the system does not tell. */
  readonly originStart?: number | undefined;
}

type ProcessOf = (processId: number) => LivingProcess | undefined;

/** What is the system's of it. */
export interface TreeSystem {
  /** All that live. */
  readTable(): ReadonlyMap<number, LivingProcess>;
  /** Undefined for a process that has ended, also if its parent has not looked yet. */
  read: ProcessOf;
  carriesMark(processId: number): boolean;
  /** It is seen in the tree for the first time. */
  noteMember(processId: number, start: number): void;
  /** Does nothing if the process has ended, whoever has its number now. */
  signal(processId: number, start: number, signal: NodeJS.Signals): void;
}

/** Two looks that find nothing end the killing; this bounds it for a tree that starts processes faster than they can be killed. */
const MAX_LOOKS = 100;
const QUIET_LOOKS = 2;

export class TreeSearch {
  readonly #system: TreeSystem;
  /** Starts of the leaders. */
  readonly #sessions = new Map<number, number | undefined>();
  /** When the first process was started: what is older cannot belong to the tree, and need not be looked into. */
  #firstStart = Infinity;
  /** Starts of those that the last look has found. */
  #members: ReadonlyMap<number, number> = new Map();
  /** Starts of all that were ever found. Only asked where they are of one process each. */
  readonly #origins = new Set<number>();

  constructor(system: TreeSystem) {
    this.#system = system;
  }

  /** @param start undefined: it has ended already */
  addLeader(processId: number, start: number | undefined): void {
    this.#sessions.set(processId, start);
    this.#firstStart = Math.min(this.#firstStart, start ?? 0);
    if (start !== undefined) this.#origins.add(start);
  }

  /** Somebody else has found it. */
  addOrigin(start: number): void {
    this.#origins.add(start);
  }

  /** The oldest first. */
  findProcesses(): number[] {
    return this.#look().map(([processId]) => processId);
  }

  has(processId: number): boolean {
    return this.#belongs(processId, this.#system.read, new Map());
  }

  signal(signal: NodeJS.Signals): number {
    const isKill = signal === 'SIGKILL';
    const signalled = new Set<string>();
    for (let looks = 0, quiet = 0; looks < MAX_LOOKS && quiet < QUIET_LOOKS; looks++) {
      const fresh = this.#look().filter(([id, { start }]) => !signalled.has(`${id}:${start}`));
      for (const [processId, { start }] of fresh) {
        this.#system.signal(processId, start, signal);
        signalled.add(`${processId}:${start}`);
      }
      quiet = fresh.length === 0 ? quiet + 1 : 0;
      if (!isKill) break;
    }
    return signalled.size;
  }

  clear(): void {
    this.#sessions.clear();
    this.#members = new Map();
    this.#origins.clear();
  }

  #look(): [processId: number, process: LivingProcess][] {
    const table = this.#system.readTable();
    const known = new Map<number, boolean>();
    const processOf: ProcessOf = (processId) => table.get(processId);
    const found = [...table]
      .filter(([processId]) => this.#belongs(processId, processOf, known))
      .toSorted(([a, { start: first }], [b, { start: second }]) => first - second || a - b);
    for (const [processId, { start }] of found)
      if (this.#members.get(processId) !== start) this.#system.noteMember(processId, start);
    for (const [, { start }] of found) this.#origins.add(start);
    this.#members = new Map(found.map(([processId, { start }]) => [processId, start]));
    return found;
  }

  /** @param known answers of this look */
  #belongs(processId: number, processOf: ProcessOf, known: Map<number, boolean>): boolean {
    const answer = known.get(processId);
    if (answer !== undefined) return answer;
    const one = processId === process.pid ? undefined : processOf(processId);
    if (one === undefined || one.start < this.#firstStart) return false;
    // In a table that was not read in one instant, parents can form a circle.
    known.set(processId, false);
    const belongs =
      this.#members.get(processId) === one.start ||
      (one.originStart !== undefined && this.#origins.has(one.originStart)) ||
      this.#isOurSession(one.sessionId, processOf) ||
      this.#belongs(one.parentId, processOf, known) ||
      this.#system.carriesMark(processId);
    known.set(processId, belongs);
    return belongs;
  }

  /** The kernel gives the number of a session to nobody else before its last member has ended. */
  #isOurSession(sessionId: number, processOf: ProcessOf): boolean {
    if (!this.#sessions.has(sessionId)) return false;
    const leader = processOf(sessionId);
    if (leader === undefined || leader.start === this.#sessions.get(sessionId)) return true;
    this.#sessions.delete(sessionId);
    return false;
  }
}
