/**
 * The processes of a server. tree-search.ts says who belongs to them.
 *
 * The mark is in their environment alone. A daemon that writes over it, or a program of Apple's own, whose environment the system does
 * not show, is found by its session, its parent, or whoever has started it; one that was forked twice and started a session, by
 * none of these if nobody has looked while the process in between lived.
 */
import type { CommandPlace, ProcessTree } from '../process-tree.ts';
import { startThroughShell } from '../through-shell.ts';
import { markVariable, treeMarkFrom, type TreeMark } from '../tree-mark.ts';
import { TreeSearch, type TreeSystem } from '../tree-search.ts';
import { libc } from './libc.ts';
import { hasVariable } from './proc.ts';
import { findStart, readLivingProcess, readProcessTable } from './process-table.ts';
import { randomBytes } from './random.ts';
import { sendSignal } from './send-signal.ts';
import { describeLeader, describeMember, describeStarting } from './watchdog-orders.ts';
import { treeGuard } from './watchdog.ts';

export function openProcessTree(): ProcessTree {
  return new DarwinProcessTree(treeMarkFrom(randomBytes(libc(), 8)));
}

export function searchTree(mark: TreeMark, noteMember: TreeSystem['noteMember']): TreeSearch {
  const variable = markVariable(mark);
  return new TreeSearch({
    readTable: readProcessTable,
    read: readLivingProcess,
    carriesMark: (processId) => hasVariable(processId, variable),
    noteMember,
    signal: sendSignal,
  });
}

function youngestStart(): number {
  let youngest = 0;
  for (const { start } of readProcessTable().values()) youngest = Math.max(youngest, start);
  return youngest;
}

class DarwinProcessTree implements ProcessTree {
  readonly environment: Readonly<Record<string, string>>;
  readonly problem: string | undefined;
  readonly #mark: TreeMark;
  readonly #search: TreeSearch;

  constructor(mark: TreeMark) {
    this.#mark = mark;
    this.environment = { [markVariable(mark)]: '1' };
    this.problem = treeGuard().open(mark);
    // The watchdog has not seen who has ended since, and finds whom that has started by it.
    this.#search = searchTree(mark, (_, start) => treeGuard().tell(mark, describeMember(start)));
  }

  wrap(command: readonly string[], place: CommandPlace): readonly string[] {
    // We can be killed before we know its number, and a program of Apple's own does not show the mark.
    treeGuard().tell(
      this.#mark,
      describeStarting({ originStart: findStart(process.pid) ?? 0, after: youngestStart() }),
    );
    return startThroughShell(command, place);
  }

  add(processId: number): void {
    const start = findStart(processId);
    this.#search.addLeader(processId, start);
    treeGuard().tell(this.#mark, describeLeader(processId, start));
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
    treeGuard().close(this.#mark);
    this.#search.clear();
  }
}
