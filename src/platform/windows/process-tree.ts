/**
 * The processes of a server: the members of a job. A process can be put into one only after its start, so what it has started until
 * then is looked for among its descendants. Only a process whose parent has ended in that moment, too, could be missed.
 */
import type { ProcessTree } from '../process-tree.ts';
import { Job } from './job.ts';
import { isRunning } from './liveness.ts';
import { findDescendants, findStart } from './processes.ts';
import { win32 } from './win32.ts';

/** For a process that starts others faster than they can be found. */
const MAX_LOOKS = 10;

export function openProcessTree(): ProcessTree {
  return new WindowsProcessTree(new Job(win32()));
}

class WindowsProcessTree implements ProcessTree {
  readonly environment: Readonly<Record<string, string>> = {};
  readonly #job: Job;
  #problem: string | undefined;

  constructor(job: Job) {
    this.#job = job;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  wrap(command: readonly string[]): readonly string[] {
    return command;
  }

  add(processId: number): void {
    const refused = new Set<number>();
    const add = (member: number): void => {
      if (this.#job.add(member)) return;
      refused.add(member);
      if (isRunning(member))
        this.#problem ??= `Windows does not let us put pid ${member} into a job, by which a server is ended with all of its processes. Stop that process in the test`;
    };
    add(processId);
    for (let looks = 0; looks < MAX_LOOKS; looks++) {
      const members = new Set(this.#job.list());
      const missing = findDescendants(processId).filter((one) => !members.has(one) && !refused.has(one));
      if (missing.length === 0) return;
      missing.forEach(add);
    }
  }

  findProcesses(): number[] {
    const starts = this.#job.list().map((processId) => [processId, findStart(processId) ?? 0] as const);
    const sorted = starts.toSorted(([a, first], [b, second]) => first - second || a - b);
    return sorted.map(([processId]) => processId);
  }

  has(processId: number): boolean {
    return this.#job.list().includes(processId);
  }

  /** There is no signal that a process without a window could be asked with, so that all of them end it. */
  signal(): number {
    const { length } = this.#job.list();
    if (length > 0) this.#job.terminate();
    return length;
  }

  close(): void {
    this.#job.close();
  }
}
