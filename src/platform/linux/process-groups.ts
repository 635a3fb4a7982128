/** What is left of a process tree where /proc does not show it: the group of each process that was started. */
import type { CommandPlace, ProcessTree } from '../process-tree.ts';
import { throughShell } from './marked-command.ts';

export class ProcessGroups implements ProcessTree {
  readonly environment: Readonly<Record<string, string>> = {};
  readonly problem =
    '/proc is not that of this process, so of a server only the group of its first process is found, and none is ended if this process is killed. Mount /proc for the PID namespace of this process';
  readonly #leaders = new Set<number>();

  wrap(command: readonly string[], place: CommandPlace): readonly string[] {
    return throughShell(command, place, undefined);
  }

  add(processId: number): void {
    this.#leaders.add(processId);
  }

  findProcesses(): number[] {
    return [...this.#leaders].filter((leader) => trySignal(leader, 0));
  }

  has(processId: number): boolean {
    return this.#leaders.has(processId);
  }

  signal(signal: NodeJS.Signals): number {
    return [...this.#leaders].filter((leader) => trySignal(-leader, signal)).length;
  }

  close(): void {
    this.#leaders.clear();
  }
}

function trySignal(processOrGroupId: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(processOrGroupId, signal);
  } catch {
    return false;
  }
}
