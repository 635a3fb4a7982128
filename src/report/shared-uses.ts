/** Ports and servers of workers and files: each test of theirs tells of them anew, the report has each once. */
import type { PortUseReport, ServerUseReport, SharedReport } from './format.ts';

export type SharedOwner = Pick<SharedReport, 'machine' | 'worker' | 'scope' | 'file'>;

interface SeenPort {
  readonly use: PortUseReport;
  /** The end of the last test that told of it. */
  readonly seenUntilMs: number;
}

interface Shared {
  readonly owner: SharedOwner;
  readonly ports: Map<string, SeenPort>;
  readonly servers: Map<string, ServerUseReport>;
}

export class SharedUses {
  readonly #all = new Map<string, Shared>();

  /** What is told last, is known best. */
  addPort(owner: SharedOwner, use: PortUseReport, seenUntilMs: number): void {
    this.#of(owner).ports.set(`${use.port} ${use.acquiredAtMs}`, { use, seenUntilMs });
  }

  addServer(owner: SharedOwner, use: ServerUseReport): void {
    const key = `${Object.values(use.ports).join()} ${use.startedAtMs}`;
    this.#of(owner).servers.set(key, use);
  }

  /** With an end for each port: of a worker's nobody tells it, and that of the next worker begins later. */
  reports(): SharedReport[] {
    return Array.from(this.#all.values(), ({ owner, ports, servers }) => ({
      ...owner,
      ports: Array.from(ports.values(), ({ use, seenUntilMs }) => ({
        ...use,
        releasedAtMs: use.releasedAtMs ?? seenUntilMs,
      })),
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
