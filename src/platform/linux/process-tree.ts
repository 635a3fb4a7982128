/**
 * The processes of a server. One belongs to the tree if it, or a process it descends from,
 * - carries the tree's mark,
 * - is of the session that the process was started in,
 * - or was seen in the tree before: its parent may have ended since.
 *
 * None of these is enough alone: redis and nginx write over their environment, postgres starts sessions, and a daemon is nobody's
 * child. What is known of a process is known of its number and its start time, so that a number that is used again is nobody's.
 */
import type { CommandPlace, ProcessTree } from '../process-tree.ts';
import { throughShell } from './marked-command.ts';
import type { ProcessStatus } from './proc.ts';
import { ProcessGroups } from './process-groups.ts';
import { procShowsUs, readLivingStatus, readProcessTable } from './process-table.ts';
import { sendSignal } from './send-signal.ts';
import {
  carriesMark,
  markProcess,
  markUnlessMarked,
  markVariable,
  newTreeMark,
  type TreeMark,
} from './tree-mark.ts';
import { forgetTree, guardSession, guardTree } from './watchdog.ts';

/** Two looks that find nothing end the killing; this bounds it for a tree that starts processes faster than they can be killed. */
const MAX_LOOKS = 100;
const QUIET_LOOKS = 2;

type StatusOf = (processId: number) => ProcessStatus | undefined;

export function openProcessTree(): ProcessTree {
  return procShowsUs() ? new LinuxProcessTree(newTreeMark()) : new ProcessGroups();
}

class LinuxProcessTree implements ProcessTree {
  readonly environment: Readonly<Record<string, string>>;
  readonly #mark: TreeMark;
  #problem: string | undefined;
  /** Start times of the leaders. */
  readonly #sessions = new Map<number, number | undefined>();
  /** When the first process was started: what is older cannot belong to the tree, and need not be looked into. */
  #firstTicks = Infinity;
  /** Start times of those that the last look has found. */
  #members: ReadonlyMap<number, number> = new Map();

  constructor(mark: TreeMark) {
    this.#mark = mark;
    this.environment = { [markVariable(mark)]: '1' };
    this.#problem = guardTree(mark);
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  wrap(command: readonly string[], place: CommandPlace): readonly string[] {
    return throughShell(command, place, this.#mark);
  }

  add(processId: number): void {
    const startTicks = readLivingStatus(processId)?.startTicks;
    this.#sessions.set(processId, startTicks);
    this.#firstTicks = Math.min(this.#firstTicks, startTicks ?? 0);
    guardSession(this.#mark, processId, startTicks);
    if (!markProcess(processId, this.#mark) && readLivingStatus(processId) !== undefined)
      this.#problem ??=
        'the system forbids to change the limits of a process, by which a daemon that writes over its environment is recognised';
  }

  findProcesses(): number[] {
    return this.#look().map(([processId]) => processId);
  }

  has(processId: number): boolean {
    return this.#belongs(processId, readLivingStatus, new Map());
  }

  signal(signal: NodeJS.Signals): number {
    const isKill = signal === 'SIGKILL';
    const signalled = new Set<string>();
    for (let looks = 0, quiet = 0; looks < MAX_LOOKS && quiet < QUIET_LOOKS; looks++) {
      const fresh = this.#look().filter(([id, { startTicks }]) => !signalled.has(`${id}:${startTicks}`));
      for (const [processId, { startTicks }] of fresh) {
        sendSignal(processId, startTicks, signal);
        signalled.add(`${processId}:${startTicks}`);
      }
      quiet = fresh.length === 0 ? quiet + 1 : 0;
      if (!isKill) break;
    }
    return signalled.size;
  }

  close(): void {
    forgetTree(this.#mark);
    this.#sessions.clear();
    this.#members = new Map();
  }

  #look(): [processId: number, status: ProcessStatus][] {
    const table = readProcessTable();
    const known = new Map<number, boolean>();
    const statusOf: StatusOf = (processId) => table.get(processId);
    const found = [...table]
      .filter(([processId]) => this.#belongs(processId, statusOf, known))
      .toSorted(([a, { startTicks: first }], [b, { startTicks: second }]) => first - second || a - b);
    // Those that were forked before the mark could be written have it from now on.
    for (const [processId, { startTicks }] of found)
      if (this.#members.get(processId) !== startTicks) markUnlessMarked(processId, this.#mark);
    this.#members = new Map(found.map(([processId, { startTicks }]) => [processId, startTicks]));
    return found;
  }

  /** @param known answers of this look */
  #belongs(processId: number, statusOf: StatusOf, known: Map<number, boolean>): boolean {
    const answer = known.get(processId);
    if (answer !== undefined) return answer;
    const status = processId === process.pid ? undefined : statusOf(processId);
    if (status === undefined || status.startTicks < this.#firstTicks) return false;
    // In a table that was not read in one instant, parents can form a circle.
    known.set(processId, false);
    const belongs =
      this.#members.get(processId) === status.startTicks ||
      this.#isOurSession(status.sessionId, statusOf) ||
      this.#belongs(status.parentId, statusOf, known) ||
      carriesMark(processId, this.#mark);
    known.set(processId, belongs);
    return belongs;
  }

  /** The kernel gives the number of a session to nobody else before its last member has ended. */
  #isOurSession(sessionId: number, statusOf: StatusOf): boolean {
    if (!this.#sessions.has(sessionId)) return false;
    const leader = statusOf(sessionId);
    if (leader === undefined || leader.startTicks === this.#sessions.get(sessionId)) return true;
    this.#sessions.delete(sessionId);
    return false;
  }
}
