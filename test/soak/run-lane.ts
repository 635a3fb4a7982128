/** Kills whole runs: the process that has made the pool with its workers, or it alone while a worker lives on. */
import { bringTo, findProblems, findRemains, lanePorts } from './kill-lane.ts';
import { atRandom, type Moment, moments as allMoments, momentsOf } from './kill-moments.ts';
import { type Surroundings, Victim, Witness } from './kill-processes.ts';
import { poolMemoryOf, processesWith } from './remains.ts';

/** Where the run is when it is killed. */
export interface RunKill {
  readonly phase: 'created' | 'paused' | 'random' | 'alone';
  /** Of the creator, if it is killed before it has workers, else that of each worker. */
  readonly moments: readonly Moment[];
}

const MAKES_POOL: Moment = { phase: 'create', act: 'create' };
const HOLDS_ONE: Moment = { phase: 'held', act: 'claim' };

export class RunLane {
  readonly #surroundings: Surroundings;
  readonly #ports: readonly number[];
  readonly #env: Readonly<Record<string, string>>;
  /** Of another run. */
  readonly #stranger: Witness;

  private constructor(lane: number, surroundings: Surroundings, stranger: Witness) {
    const { ports, env } = lanePorts(lane);
    this.#surroundings = surroundings;
    this.#ports = ports;
    this.#env = env;
    this.#stranger = stranger;
  }

  static async open(lane: number, surroundings: Surroundings): Promise<RunLane> {
    const stranger = await Witness.start(surroundings, lanePorts(lane).env);
    await stranger.ask('takeAll');
    return new RunLane(lane, surroundings, stranger);
  }

  /** @returns what is wrong after the kill */
  async kill(job: RunKill): Promise<string[]> {
    const problems = job.phase === 'alone' ? await this.#killCreatorAlone() : await this.#killTogether(job);
    return problems.map(
      (problem) => `${job.phase} (${job.moments.map((m) => m.point ?? m.act).join(', ')}): ${problem}`,
    );
  }

  /** All at once, in any order. */
  async #killTogether({ phase, moments }: RunKill): Promise<string[]> {
    const creator = new Victim(this.#surroundings);
    const workers = phase === 'created' ? [] : moments.map(() => new Victim(this.#surroundings));
    const { handle } = await creator.reach(
      phase === 'created' ? (moments[0] as Moment) : MAKES_POOL,
      this.#env,
    );
    await Promise.all(
      workers.map(async (worker, number) =>
        bringTo(worker, moments[number] as Moment, { PORTSLICE_POOL: handle ?? '' }),
      ),
    );
    const memory = poolMemoryOf(creator.pid);
    const run = [creator, ...workers].toSorted(() => Math.random() - 0.5);
    await Promise.all(run.map(async (one) => one.kill()));
    return this.#lookAfter(run, memory);
  }

  /** The creator is gone, its run goes on with what it has: a worker with a port, and one that takes all others. */
  async #killCreatorAlone(): Promise<string[]> {
    const creator = new Victim(this.#surroundings);
    const { handle = '' } = await creator.reach(MAKES_POOL, this.#env);
    const env = { PORTSLICE_POOL: handle };
    const worker = new Victim(this.#surroundings);
    const sibling = await Witness.start(this.#surroundings, { ...this.#env, ...env });
    await worker.reach(HOLDS_ONE, env);
    const memory = poolMemoryOf(creator.pid);
    await creator.kill();
    const others = processesWith(memory).filter(
      (processId) => processId !== worker.pid && processId !== sibling.pid,
    );
    const taken = (await sibling.ask('takeAll')).ports.length;
    const strangerTook = (await this.#stranger.ask('takeAll')).ports.length;
    const attachError = await this.#stranger.ask('attachErrorOf', handle);
    await worker.kill();
    const problems = findProblems(await sibling.ask('takeAll'), this.#ports);
    await sibling.kill();
    if (others.length > 0) problems.push(`its memory is in the processes ${others.join(', ')}`);
    if (taken !== this.#ports.length - 1) problems.push(`a survivor could claim ${taken} ports`);
    if (strangerTook !== this.#ports.length - 1)
      problems.push(`another run could claim ${strangerTook} ports`);
    if (attachError !== 'PORTSLICE_POOL_STALE') problems.push(`to attach ended with '${attachError}'`);
    return [...problems, ...(await this.#lookAfter([creator, worker], memory))];
  }

  async #lookAfter(dead: readonly Victim[], memory: ReadonlySet<number>): Promise<string[]> {
    const problems = findProblems(await this.#stranger.ask('takeAll'), this.#ports);
    const bound = await this.#stranger.ask('boundPorts');
    if (bound.length > 0) problems.push(`something is bound to ${bound.join(', ')}`);
    if (memory.size === 0) problems.push('the run has made no memory');
    return [
      ...problems,
      ...findRemains(
        dead.map(({ pid }) => pid),
        this.#ports,
        memory,
        this.#surroundings.folder,
      ),
    ];
  }

  async end(): Promise<void> {
    await this.#stranger.kill();
  }
}

/** Those at which a worker leaves ports for the other one. */
const workerMoments = allMoments.filter(
  ({ phase, act, afterAnother }) =>
    phase !== 'create' && act !== 'claim all' && act !== 'give back a set' && afterAnother !== true,
);

/** So many runs of each kind, each at the next of its moments. */
export function planRuns(counts: Readonly<Record<RunKill['phase'], number>>): RunKill[] {
  const choose: Record<RunKill['phase'], (index: number) => readonly Moment[]> = {
    created: (index) => [pick(momentsOf('create'), index)],
    paused: (index) => [pick(workerMoments, 2 * index), pick(workerMoments, 2 * index + 1)],
    random: () => [atRandom, atRandom],
    alone: () => [HOLDS_ONE],
  };
  return Object.entries(counts).flatMap(([phase, count]) =>
    Array.from({ length: count }, (_, index) => {
      return { phase: phase as RunKill['phase'], moments: choose[phase as RunKill['phase']](index) };
    }),
  );
}

function pick(candidates: readonly Moment[], index: number): Moment {
  return candidates[index % candidates.length] as Moment;
}
