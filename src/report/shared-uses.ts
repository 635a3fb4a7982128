/** Ports and servers of workers and files: each test of theirs tells of them anew, the report has each once. */
import type { PortUseReport, ServerUseReport, SharedReport } from './format.ts';

export type SharedOwner = Pick<SharedReport, 'machine' | 'worker' | 'scope' | 'file'>;

interface Shared {
  readonly owner: SharedOwner;
  readonly ports: Map<string, PortUseReport>;
  readonly servers: Map<string, ServerUseReport>;
}

export class SharedUses {
  readonly #all = new Map<string, Shared>();

  /**
   * What is told last, is known best. Each port has an end: of a worker's nobody tells it, and that of the next worker begins later.
   * @param seenUntilMs the end of the test that tells of it
   */
  addPort(owner: SharedOwner, use: PortUseReport, seenUntilMs: number): void {
    const ended = { ...use, releasedAtMs: use.releasedAtMs ?? seenUntilMs };
    this.#of(owner).ports.set(`${use.port} ${use.acquiredAtMs}`, ended);
  }

  addServer(owner: SharedOwner, use: ServerUseReport): void {
    const key = `${Object.values(use.ports).join()} ${use.startedAtMs}`;
    this.#of(owner).servers.set(key, use);
  }

  reports(): SharedReport[] {
    return Array.from(this.#all.values(), ({ owner, ports, servers }) => ({
      ...owner,
      ports: [...ports.values()],
      servers: [...servers.values()],
    }));
  }

  #of(owner: SharedOwner): Shared {
    const key = JSON.stringify([owner.machine, owner.worker, owner.scope, owner.file]);
    const known = this.#all.get(key);
    if (known !== undefined) return known;
    const made: Shared = { owner, ports: new Map(), servers: new Map() };
    this.#all.set(key, made);
    return made;
  }
}
