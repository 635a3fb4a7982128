/** The machines of a report: those that their workers tell of, and this one. */
import type { MachineReport } from './format.ts';
import { parseRunFacts, type RunFacts } from './run-facts.ts';

export interface ThisMachine {
  readonly hostName: string;
  readonly bootedAtMs: number;
  readonly nowMs: number;
}

interface Machine {
  /** Undefined: no worker of it has told anything. */
  readonly facts: RunFacts | undefined;
  latestMs: number;
}

/** Two of one machine differ by the rounding of its clocks, and by how far its clock is led. */
const SAME_BOOT_MS = 2_000;
const ROUNDING_MS = 5;

export class Machines {
  readonly #all: Machine[] = [];
  readonly #isOwnRun: boolean;
  readonly #placeOfRun = new Map<string, number>();
  readonly #placeOfWorker = new Map<string, number>();
  readonly #workers = new Map<string, number>();

  /** @param ownFacts of the run whose main process this is, if there is one */
  constructor(ownFacts: string | undefined) {
    this.#isOwnRun = ownFacts !== undefined;
    if (ownFacts !== undefined) this.#know(ownFacts);
  }

  /** @throws TypeError if the facts are damaged */
  learn(
    workerKey: string,
    { worker, facts }: { readonly worker?: number | undefined; readonly facts: string },
  ): void {
    this.#placeOfWorker.set(workerKey, this.#know(facts));
    if (worker !== undefined) this.#workers.set(workerKey, worker);
  }

  /** The place of the worker's machine. Of one that has told nothing: this one, or where runs are merged an unknown one. */
  placeOf(workerKey: string): number {
    const place = this.#placeOfWorker.get(workerKey);
    if (place !== undefined) return place;
    return this.#isOwnRun ? 0 : this.#placeOfUnknown();
  }

  workerOf(workerKey: string): number {
    return this.#workers.get(workerKey) ?? 0;
  }

  /** What is known of a time on that machine. */
  noteTime(place: number, timeMs: number): void {
    const machine = this.#all[place];
    if (machine !== undefined) machine.latestMs = Math.max(machine.latestMs, timeMs);
  }

  get facts(): readonly (RunFacts | undefined)[] {
    return this.#all.map(({ facts }) => facts);
  }

  reports(here: ThisMachine): MachineReport[] {
    return this.#all.map(({ facts, latestMs }) => ({
      hostName: facts?.hostName ?? 'unknown',
      platform: facts?.platform ?? 'unknown',
      shard: facts?.shard,
      clockAheadMs: facts && clockAheadMs(facts, latestMs, here),
      pool: facts?.pool && { ...facts.pool, foreignListeners: undefined },
    }));
  }

  #know(text: string): number {
    const known = this.#placeOfRun.get(text);
    if (known !== undefined) return known;
    const place = this.#all.push({ facts: parseRunFacts(text), latestMs: 0 }) - 1;
    this.#placeOfRun.set(text, place);
    return place;
  }

  #placeOfUnknown(): number {
    const place = this.#all.findIndex(({ facts }) => facts === undefined);
    return place === -1 ? this.#all.push({ facts: undefined, latestMs: 0 }) - 1 : place;
  }
}

/** A machine that was started at the same moment under the same name is this one. Another one shows its clock only by the future. */
function clockAheadMs(facts: RunFacts, latestMs: number, here: ThisMachine): number | undefined {
  const difference = facts.bootedAtMs - here.bootedAtMs;
  if (facts.hostName === here.hostName && Math.abs(difference) < SAME_BOOT_MS)
    return Math.abs(difference) <= ROUNDING_MS ? 0 : Math.round(difference);
  return latestMs > here.nowMs ? Math.ceil(latestMs - here.nowMs) : undefined;
}
