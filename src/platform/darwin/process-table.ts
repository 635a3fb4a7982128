/** Every process that lives, with what a tree is found by. */
import type { LivingProcess } from '../tree-search.ts';
import { libc } from './libc.ts';
import { listProcesses, type ProcessIdentity, readIdentity, readProcessInfo } from './proc.ts';

/** On a machine with hundreds of processes only those are asked for their parent and session that are young enough for a tree. */
class DarwinProcess implements LivingProcess {
  readonly #processId: number;
  readonly start: number;
  readonly originStart: number;

  constructor(processId: number, { uniqueId, parentUniqueId }: ProcessIdentity) {
    this.#processId = processId;
    this.start = uniqueId;
    this.originStart = parentUniqueId;
  }

  get parentId(): number {
    return readProcessInfo(this.#processId)?.parentId ?? 0;
  }

  get sessionId(): number {
    return libc().getsid(this.#processId);
  }
}

/** Undefined for a process that has ended, also if its parent has not looked yet. */
export function readLivingProcess(processId: number): LivingProcess | undefined {
  const identity = readIdentity(processId);
  return identity && new DarwinProcess(processId, identity);
}

export function readProcessTable(): ReadonlyMap<number, LivingProcess> {
  const table = new Map<number, LivingProcess>();
  for (const processId of listProcesses()) {
    const one = readLivingProcess(processId);
    if (one !== undefined) table.set(processId, one);
  }
  return table;
}

/** Undefined: it is gone, and its parent has looked. */
export function findStart(processId: number): number | undefined {
  return readIdentity(processId, 'or ended')?.uniqueId;
}
