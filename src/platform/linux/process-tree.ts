/** The processes of a server, by /proc. tree-search.ts says who belongs to them. */
import type { CommandPlace, ProcessTree } from '../process-tree.ts';
import { markVariable, type TreeMark } from '../tree-mark.ts';
import { TreeSearch, type TreeSystem } from '../tree-search.ts';
import { throughShell } from './marked-command.ts';
import { ProcessGroups } from './process-groups.ts';
import { procShowsUs, readLivingStatus, readProcessTable } from './process-table.ts';
import { sendSignal } from './send-signal.ts';
import { carriesMark, markProcess, markUnlessMarked, newTreeMark } from './tree-mark.ts';
import { forgetTree, guardSession, guardTree } from './watchdog.ts';

export function openProcessTree(): ProcessTree {
  return procShowsUs() ? new LinuxProcessTree(newTreeMark()) : new ProcessGroups();
}

const systemOf = (mark: TreeMark): TreeSystem => ({
  readTable: readProcessTable,
  read: readLivingStatus,
  carriesMark: (processId) => carriesMark(processId, mark),
  // Those that were forked before the mark could be written have it from now on.
  noteMember: (processId) => markUnlessMarked(processId, mark),
  signal: sendSignal,
});

class LinuxProcessTree implements ProcessTree {
  readonly environment: Readonly<Record<string, string>>;
  readonly #mark: TreeMark;
  readonly #search: TreeSearch;
  #problem: string | undefined;

  constructor(mark: TreeMark) {
    this.#mark = mark;
    this.#search = new TreeSearch(systemOf(mark));
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
    const start = readLivingStatus(processId)?.start;
    this.#search.addLeader(processId, start);
    guardSession(this.#mark, processId, start);
    if (!markProcess(processId, this.#mark) && readLivingStatus(processId) !== undefined)
      this.#problem ??=
        'the system forbids to change the limits of a process, by which a daemon that writes over its environment is recognised. Lift the limit of file locks (ulimit -x unlimited) and allow prlimit(), or stop such daemons in the tests';
  }

  findProcesses(): number[] {
    return this.#search.findProcesses();
  }

  has(processId: number): boolean {
    return this.#search.has(processId);
  }

  signal(signal: NodeJS.Signals): number {
    return this.#search.signal(signal);
  }

  close(): void {
    forgetTree(this.#mark);
    this.#search.clear();
  }
}
