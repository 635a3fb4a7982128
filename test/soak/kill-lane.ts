/**
 * Kills one process after another, and looks after each kill what became of its ports and what it has left. Several lanes
 * work side by side, each on ports of its own. A lane is a run (its creator and another process of it) and a stranger with a pool of his
 * own over the same ports. Runs in a network, mount and IPC namespace of its own: what is found there is ours.
 */
import { readdirSync } from 'node:fs';
import { formatPortSpec } from '../support/port-spec-text.ts';
import { atRandom, type Moment, momentsOf, nameOf } from './kill-moments.ts';
import { type Surroundings, Victim, Witness } from './kill-processes.ts';
import type { Taking } from './kill-witness.program.ts';
import { boundNames, poolMemoryOf, processesWith, tcpPorts } from './remains.ts';

const PORTS_PER_LANE = 12;
const FIRST_PORT = 20_000;
/** A random moment lies within this time after the order: to load the library takes some of it. */
const RANDOM_WITHIN_MS = 60;
const HOLDS_ALL: Moment = { phase: 'held', act: 'claim all' };

/** An odd lane's ports need no rest, so that its workers find them in another order. */
export function lanePorts(lane: number): { ports: readonly number[]; env: Readonly<Record<string, string>> } {
  const first = FIRST_PORT + lane * PORTS_PER_LANE;
  const ports = Array.from({ length: PORTS_PER_LANE }, (_, index) => first + index);
  return { ports, env: { PORTSLICE_PORTS: formatPortSpec(ports), REST_MS: lane % 2 === 1 ? '0' : '60000' } };
}

export class Lane {
  readonly #surroundings: Surroundings;
  readonly #ports: readonly number[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #witnesses: readonly Witness[];
  readonly #descriptorsBefore: readonly (readonly string[])[];
  /** Starts while the one before is dealt with: it does nothing before it is told to. */
  #next: Victim;
  #turn = 0;

  private constructor(
    lane: number,
    surroundings: Surroundings,
    witnesses: readonly Witness[],
    handle: string,
    descriptors: readonly (readonly string[])[],
  ) {
    const { ports, env } = lanePorts(lane);
    this.#surroundings = surroundings;
    this.#ports = ports;
    this.#env = { ...env, PORTSLICE_POOL: handle };
    this.#witnesses = witnesses;
    this.#descriptorsBefore = descriptors;
    this.#next = new Victim(surroundings);
  }

  static async open(lane: number, surroundings: Surroundings): Promise<Lane> {
    const { env } = lanePorts(lane);
    const creator = await Witness.start(surroundings, env);
    const handle = await creator.ask('handle');
    const sibling = await Witness.start(surroundings, { ...env, PORTSLICE_POOL: handle });
    const stranger = await Witness.start(surroundings, env);
    // Each opens on its first use what it needs all its life.
    const descriptors = [];
    for (const witness of [creator, sibling, stranger]) {
      await witness.ask('takeAll');
      await witness.ask('boundPorts');
      descriptors.push(await witness.ask('descriptors'));
    }
    return new Lane(lane, surroundings, [creator, sibling, stranger], handle, descriptors);
  }

  /** @returns what is wrong after the kill */
  async kill(moment: Moment): Promise<string[]> {
    if (moment.afterAnother === true) {
      const other = this.#take();
      await other.reach(HOLDS_ALL, this.#env);
      await other.kill();
    }
    const victim = this.#take();
    await bringTo(victim, moment, this.#env);
    const made = moment.act === 'create' ? poolMemoryOf(victim.pid) : new Set<number>();
    await victim.kill();
    const problems = [...(await this.#look()), ...this.#remainsOf(victim.pid, made)];
    if (moment.act === 'create' && made.size === 0) problems.push('the victim has made no memory');
    return problems.map((problem) => `${nameOf(moment)}: ${problem}`);
  }

  #take(): Victim {
    const victim = this.#next;
    this.#next = new Victim(this.#surroundings);
    return victim;
  }

  /** Each time another one of the survivors is the first to take the ports. */
  async #look(): Promise<string[]> {
    const problems: string[] = [];
    const { length } = this.#witnesses;
    this.#turn++;
    for (let step = 0; step < length; step++) {
      const number = (this.#turn + step) % length;
      const witness = this.#witnesses[number] as Witness;
      const found = findProblems(await witness.ask('takeAll'), this.#ports);
      problems.push(...found.map((problem) => `witness ${number}: ${problem}`));
      const before = this.#descriptorsBefore[number] as readonly string[];
      const more = (await witness.ask('descriptors')).filter((descriptor) => !before.includes(descriptor));
      if (more.length > 0) problems.push(`witness ${number} has more descriptors: ${more.join(', ')}`);
    }
    const bound = await (this.#witnesses[0] as Witness).ask('boundPorts');
    if (bound.length > 0) problems.push(`something is bound to ${bound.join(', ')}`);
    return problems;
  }

  #remainsOf(victimId: number, memory: ReadonlySet<number>): string[] {
    return findRemains([victimId], this.#ports, memory, this.#surroundings.folder);
  }

  async end(): Promise<void> {
    await Promise.all([this.#next, ...this.#witnesses].map(async (one) => one.kill()));
  }
}

/** Waits until the victim is there. */
export async function bringTo(
  victim: Victim,
  moment: Moment,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  if (moment.phase !== 'random') return void (await victim.reach(moment, env));
  await victim.start(moment, env);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * RANDOM_WITHIN_MS));
}

/** What is wrong with what a witness could get, if it should have got all of these ports. */
export function findProblems(taking: Taking, ports: readonly number[]): string[] {
  const problems: string[] = [];
  const missing = ports.filter((port) => !taking.ports.includes(port));
  if (missing.length > 0) problems.push(`could not claim ${missing.join(', ')}: ${taking.refusal}`);
  if (new Set(taking.ports).size !== taking.ports.length) problems.push('claimed a port twice');
  if (taking.deafPorts.length > 0) problems.push(`could not listen on ${taking.deafPorts.join(', ')}`);
  if (taking.allocatedPorts !== ports.length)
    problems.push(`${taking.allocatedPorts} ports counted as allocated`);
  const { totalServerPorts, currentlyAllocatedPorts, leaks } = taking.stats;
  if (currentlyAllocatedPorts !== 0)
    problems.push(`${currentlyAllocatedPorts} ports still counted as allocated`);
  if (totalServerPorts < ports.length) problems.push(`the pool has only ${totalServerPorts} ports`);
  if (leaks !== 0) problems.push(`${leaks} leaks counted`);
  if (taking.statesAfter.join(',') !== 'free') problems.push(`records say ${taking.statesAfter.join(', ')}`);
  if (taking.warnings.length > 0) problems.push(`warned: ${taking.warnings.join(' ')}`);
  return problems;
}

/** What dead processes have left: addresses, sockets, memory that they made, and files. */
export function findRemains(
  processIds: readonly number[],
  ports: readonly number[],
  memory: ReadonlySet<number>,
  folder: string,
): string[] {
  const names = new Set(ports.map((port) => `portslice/${port}`));
  const beacons = processIds.map((processId) => `portslice/pool/${processId}/`);
  const left = [
    ...boundNames().filter((name) => names.has(name) || beacons.some((beacon) => name.startsWith(beacon))),
    ...tcpPorts()
      .filter((port) => ports.includes(port))
      .map((port) => `a socket of port ${port}`),
    ...(memory.size === 0 ? [] : processesWith(memory)).map((processId) => `memory in process ${processId}`),
    ...readdirSync(folder).map((name) => `the file ${name}`),
  ];
  return left.length === 0 ? [] : [`left behind: ${left.join(', ')}`];
}

/** So many moments of each phase, each in turn. */
export function plan(counts: Readonly<Partial<Record<Moment['phase'], number>>>): Moment[] {
  return Object.entries(counts).flatMap(([phase, count]) => {
    const candidates = momentsOf(phase as Moment['phase']);
    return Array.from({ length: count }, (_, index) => candidates[index % candidates.length] ?? atRandom);
  });
}
