/**
 * A model of what actors share: the words of the segment by which they decide, and the kernel's locks, holds, seals,
 * listeners and descriptor tables. A state is a short list of small numbers, so that it can be copied and compared.
 *
 * Each call of `apply` is one step that nothing can interrupt, as one atomic instruction or one system call is.
 */
import type { Abilities, ActorPlan, Outsiders } from './scenario.ts';

/** What must never happen. */
export class Violation extends Error {}

export type OperationName =
  | 'load'
  | 'store'
  | 'swap'
  | 'add'
  | 'lock'
  | 'hold'
  | 'hold over leftovers'
  | 'check'
  | 'check over leftovers'
  | 'seal'
  | 'probe'
  | 'probe beside'
  | 'close'
  | 'alive'
  | 'listeners'
  | 'descriptors'
  | 'marked'
  | 'opener'
  | 'name'
  | 'socket'
  | 'mutex'
  | 'close orphans'
  | 'listen'
  | 'listen here'
  | 'stop listening'
  | 'idle';

/** The name and up to three arguments: ports are indexes, words are indexes into the state. */
export interface Operation {
  readonly name: OperationName;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

export const NONE = -1;
const FIRST_DESCRIPTOR = 3;
const SLOTS_PER_PROCESS = 9;
const FIRST_THREAD_ID = 101;
/** More than there are ports or levels of mutexes. */
const MAX_OBJECTS = 4;

/** What a descriptor is. */
export const Kind = { socket: 0, lock: 1, hold: 2, seal: 3, mutex: 4 } as const;
type Kind = (typeof Kind)[keyof typeof Kind];
const KIND_NAMES = ['unbound socket', 'lock', 'hold', 'seal', 'mutex'];

type BindName = 'hold' | 'hold over leftovers' | 'seal' | 'check' | 'check over leftovers' | 'probe';

/** Answers of 'listeners'. */
export const Listening = { nobody: 0, here: 1, elsewhere: 2 } as const;

interface Slot {
  readonly kind: Kind;
  readonly port: number;
  readonly opener: number;
}

/** Somebody who knows nothing of portslice, and whom the system gives a port: bound with SO_REUSEADDR, then listening. */
const Stranger = { gone: 0, bound: 1, listening: 2 } as const;

/** What is in the way of a bind. */
const Obstacle = { nothing: 0, leftover: 1, bound: 2, listening: 3 } as const;

/** State of a listener: 0, or the actor that started it, and whether it is in that actor's own process. */
function listenerCode(actor: number, isOwnProcess: boolean): number {
  return 1 + actor * 2 + Number(isOwnProcess);
}

export class ModelKernel {
  readonly portCount: number;
  readonly actors: readonly ActorPlan[];
  /** Places in a state. */
  readonly words: {
    readonly states: number;
    readonly releasedAtMs: number;
    readonly threads: number;
    readonly currentClaims: number;
    readonly pressure: number;
    readonly sliceOwners: number;
  };
  readonly length: number;
  readonly #listeners: number;
  readonly #alive: number;
  readonly #lateServers: number;
  readonly #strangersLeft: number;
  readonly #strangers: number;
  readonly #leftovers: number;
  readonly #slots: number;
  readonly abilities: Abilities;

  constructor(portCount: number, sliceCount: number, actors: readonly ActorPlan[], abilities: Abilities) {
    this.portCount = portCount;
    this.actors = actors;
    this.abilities = abilities;
    const sliceOwners = portCount * 3 + 2;
    this.words = {
      states: 0,
      releasedAtMs: portCount,
      threads: portCount * 2,
      currentClaims: portCount * 3,
      pressure: portCount * 3 + 1,
      sliceOwners,
    };
    this.#listeners = sliceOwners + sliceCount;
    this.#alive = this.#listeners + portCount;
    this.#lateServers = this.#alive + actors.length;
    this.#strangersLeft = this.#lateServers + 1;
    this.#strangers = this.#strangersLeft + 1;
    this.#leftovers = this.#strangers + portCount;
    this.#slots = this.#leftovers + portCount;
    const processCount = Math.max(...actors.map((actor) => actor.process)) + 1;
    this.length = this.#slots + processCount * SLOTS_PER_PROCESS;
  }

  initialState({ lateServer, stranger, leftovers }: Outsiders): number[] {
    const state = Array.from({ length: this.length }, () => 0);
    this.actors.forEach((_, actor) => (state[this.#alive + actor] = 1));
    state[this.#lateServers] = Number(lateServer);
    state[this.#strangersLeft] = Number(stranger);
    return state.fill(Number(leftovers), this.#leftovers, this.#slots);
  }

  threadIdOf(actor: number): number {
    return FIRST_THREAD_ID + actor;
  }

  /** Takes the step and answers it. @throws Violation */
  apply(state: number[], actor: number, { name, a, b, c }: Operation): number {
    const word = state[a] as number;
    switch (name) {
      case 'load':
        return word;
      case 'store':
        state[a] = b;
        return 0;
      case 'swap':
        if (word === b) state[a] = c;
        return word;
      case 'add':
        state[a] = word + b;
        // Only the largest value ever is made of it, which decides nothing.
        return 0;
      case 'lock':
        return this.#find(state, Kind.lock, a) === NONE ? this.#open(state, actor, Kind.lock, a) : NONE;
      case 'hold':
      case 'hold over leftovers':
      case 'seal':
      case 'check':
      case 'check over leftovers':
      case 'probe':
        return this.#bind(state, actor, name, a);
      case 'probe beside':
        return this.#probeBeside(state, actor, a);
      case 'close':
        return this.#close(state, actor, a);
      case 'alive':
        return this.isAlive(state, a - FIRST_THREAD_ID) ? 1 : 0;
      case 'listeners':
        return this.#whoListens(state, actor, a);
      case 'descriptors':
        return this.#descriptors(state, actor);
      case 'marked':
        return this.actors[this.#slot(state, actor, a)?.opener ?? NONE]?.isWorkerThread === true ? 1 : 0;
      case 'opener':
        return this.#openerOf(state, actor, a);
      case 'name':
        return this.#nameOf(state, actor, a);
      case 'socket':
        return this.#open(state, actor, Kind.socket, 0);
      case 'mutex':
        return this.#bindMutex(state, actor, a, b);
      case 'close orphans':
        return this.#closeOrphans(state, actor);
      case 'listen':
      case 'listen here':
        return this.#listen(state, actor, a, name === 'listen here');
      case 'stop listening':
        state[this.#listeners + a] = 0;
        return 0;
      default:
        return 0;
    }
  }

  isAlive(state: readonly number[], actor: number): boolean {
    return state[this.#alive + actor] === 1;
  }

  /** The thread or process is not there any more; its descriptors are another matter. */
  die(state: number[], actor: number): void {
    state[this.#alive + actor] = 0;
    if (this.abilities.lockOwner === 'thread')
      this.#closeAll(state, (slot) => slot.kind === Kind.lock && slot.opener === actor);
    for (let port = 0; port < this.portCount; port++) {
      if (state[this.#listeners + port] === listenerCode(actor, true)) state[this.#listeners + port] = 0;
    }
  }

  /** The kernel closes one descriptor of a process that ends, or all. */
  tearDown(state: number[], process: number, slot?: number): void {
    const first = this.#slots + process * SLOTS_PER_PROCESS;
    if (slot === undefined) state.fill(0, first, first + SLOTS_PER_PROCESS);
    else state[first + slot] = 0;
  }

  openSlots(state: readonly number[], process: number): number[] {
    const first = this.#slots + process * SLOTS_PER_PROCESS;
    return Array.from({ length: SLOTS_PER_PROCESS }, (_, slot) => slot).filter(
      (slot) => state[first + slot] !== 0,
    );
  }

  /** The open descriptors of the actor. */
  openedBy(state: readonly number[], actor: number): Slot[] {
    const { process } = this.actors[actor] as ActorPlan;
    return this.openSlots(state, process).flatMap((slot) => {
      const decoded = this.#decode(state, process, slot);
      return decoded?.opener === actor ? [decoded] : [];
    });
  }

  /** Whether exactly this descriptor of the actor's process is the actor's and of that kind. */
  has(state: readonly number[], actor: number, descriptor: number, kind: Kind, port: number): boolean {
    const slot = this.#slot(state, actor, descriptor);
    return slot !== undefined && slot.kind === kind && slot.port === port && slot.opener === actor;
  }

  kindOf(state: readonly number[], actor: number, descriptor: number): number | undefined {
    return this.#slot(state, actor, descriptor)?.kind;
  }

  hasLock(state: readonly number[], actor: number, port: number): boolean {
    const { process } = this.actors[actor] as ActorPlan;
    return this.#find(state, Kind.lock, port, process) !== NONE;
  }

  /** The actor whose server listens on the port, or -1. */
  serverOf(state: readonly number[], port: number): number {
    const code = state[this.#listeners + port] as number;
    return code === 0 ? NONE : (code - 1) >> 1;
  }

  stopServer(state: number[], port: number): void {
    state[this.#listeners + port] = 0;
  }

  hasStranger(state: readonly number[], port: number): boolean {
    return state[this.#strangers + port] !== Stranger.gone;
  }

  /** The system's choice never falls on a port on which anything is. */
  canStrangerBind(state: readonly number[], port: number): boolean {
    return state[this.#strangersLeft] === 1 && this.#obstacle(state, port) === Obstacle.nothing;
  }

  strangerBinds(state: number[], port: number): void {
    state[this.#strangersLeft] = 0;
    state[this.#strangers + port] = Stranger.bound;
  }

  /** A hold is not in its way. */
  canStrangerListen(state: readonly number[], port: number): boolean {
    return state[this.#strangers + port] === Stranger.bound && !this.#blocksListen(state, port);
  }

  strangerListens(state: number[], port: number): void {
    state[this.#strangers + port] = Stranger.listening;
  }

  strangerEnds(state: number[], port: number): void {
    state[this.#strangers + port] = Stranger.gone;
  }

  hasLeftovers(state: readonly number[], port: number): boolean {
    return state[this.#leftovers + port] === 1;
  }

  leftoversEnd(state: number[], port: number): void {
    state[this.#leftovers + port] = 0;
  }

  /** A server that the actor's test has started before gets to its listen only now. */
  canListenLate(state: readonly number[], actor: number, port: number): boolean {
    return (
      (state[this.#lateServers] as number) > 0 &&
      this.hasLock(state, actor, port) &&
      !this.#blocksListen(state, port)
    );
  }

  listenLate(state: number[], actor: number, port: number): void {
    state[this.#lateServers] = (state[this.#lateServers] as number) - 1;
    state[this.#listeners + port] = listenerCode(actor, false);
  }

  #bind(state: number[], actor: number, name: BindName, port: number): number {
    // Whatever is done with a port, the one who has its lock does it: probes and holds of two never meet.
    if (!this.hasLock(state, actor, port))
      throw new Violation(`takes a ${name} on port ${port} without its lock`);
    const fails = this.#obstacle(state, port) > this.#toleranceOf(name);
    if (name === 'probe') return Number(fails);
    if (fails) return NONE;
    return name.startsWith('check')
      ? 1
      : this.#open(state, actor, name === 'seal' ? Kind.seal : Kind.hold, port);
  }

  /** What is not in the way of a bind: SO_REUSEADDR passes over whatever has it too and does not listen. */
  #toleranceOf(name: BindName): number {
    if (name === 'seal' || name === 'probe' || (name === 'hold' && this.abilities.holds === 'beside binds'))
      return Obstacle.bound;
    return name.endsWith('over leftovers') ? Obstacle.leftover : Obstacle.nothing;
  }

  #obstacle(state: readonly number[], port: number): number {
    if (this.#blocksListen(state, port)) return Obstacle.listening;
    if (this.hasStranger(state, port) || this.#find(state, Kind.hold, port) !== NONE) return Obstacle.bound;
    return this.hasLeftovers(state, port) ? Obstacle.leftover : Obstacle.nothing;
  }

  /** The hold listens itself if nothing else does. It still does not keep late servers out here, although it would. */
  #probeBeside(state: readonly number[], actor: number, descriptor: number): number {
    const slot = this.#slot(state, actor, descriptor);
    if (slot?.kind !== Kind.hold || slot.opener !== actor)
      throw new Violation('probes beside a hold that is not its own');
    return Number(this.#isListenedOn(state, slot.port));
  }

  /** What keeps a bind with SO_REUSEADDR, and likewise a server, from the port. */
  #blocksListen(state: readonly number[], port: number): boolean {
    return this.#isListenedOn(state, port) || this.#find(state, Kind.seal, port) !== NONE;
  }

  #isListenedOn(state: readonly number[], port: number): boolean {
    return state[this.#listeners + port] !== 0 || state[this.#strangers + port] === Stranger.listening;
  }

  #listen(state: number[], actor: number, port: number, isOwnProcess: boolean): number {
    if (this.#blocksListen(state, port))
      throw new Violation(`its server fails with EADDRINUSE on port ${port}`);
    state[this.#listeners + port] = listenerCode(actor, isOwnProcess);
    return 0;
  }

  #whoListens(state: readonly number[], actor: number, port: number): number {
    const code = state[this.#listeners + port] as number;
    if (!this.#isListenedOn(state, port)) return Listening.nobody;
    return code === listenerCode(actor, true) ? Listening.here : Listening.elsewhere;
  }

  /** The lowest free number, as the kernel gives it. */
  #open(state: number[], actor: number, kind: Kind, port: number): number {
    const { process } = this.actors[actor] as ActorPlan;
    const first = this.#slots + process * SLOTS_PER_PROCESS;
    for (let slot = 0; slot < SLOTS_PER_PROCESS; slot++) {
      if (state[first + slot] !== 0) continue;
      state[first + slot] = 1 + (kind * MAX_OBJECTS + port) * this.actors.length + actor;
      return FIRST_DESCRIPTOR + slot;
    }
    throw new Violation('has no descriptor left: it must have lost many');
  }

  #close(state: number[], actor: number, descriptor: number): number {
    const slot = this.#slot(state, actor, descriptor);
    if (slot === undefined) throw new Violation(`closes descriptor ${descriptor}, which is not open`);
    if (slot.opener !== actor && this.isAlive(state, slot.opener)) {
      throw new Violation(`closes the ${KIND_NAMES[slot.kind]} of a thread that lives`);
    }
    const { process } = this.actors[actor] as ActorPlan;
    state[this.#slots + process * SLOTS_PER_PROCESS + descriptor - FIRST_DESCRIPTOR] = 0;
    return 0;
  }

  /** As one step: what a thread that is gone has left is nobody else's business. @returns how many it closed */
  #closeOrphans(state: number[], actor: number): number {
    const { process } = this.actors[actor] as ActorPlan;
    return this.#closeAll(state, (slot, owner) => owner === process && !this.isAlive(state, slot.opener));
  }

  #closeAll(state: number[], isMeant: (slot: Slot, process: number) => boolean): number {
    let closed = 0;
    for (let at = this.#slots; at < this.length; at++) {
      const process = Math.floor((at - this.#slots) / SLOTS_PER_PROCESS);
      const slot = this.#decode(state, process, (at - this.#slots) % SLOTS_PER_PROCESS);
      if (slot === undefined || !isMeant(slot, process)) continue;
      state[at] = 0;
      closed++;
    }
    return closed;
  }

  #bindMutex(state: number[], actor: number, descriptor: number, level: number): number {
    const { process } = this.actors[actor] as ActorPlan;
    if (this.#find(state, Kind.mutex, level, process) !== NONE) return NONE;
    state[this.#slots + process * SLOTS_PER_PROCESS + descriptor - FIRST_DESCRIPTOR] =
      1 + (Kind.mutex * MAX_OBJECTS + level) * this.actors.length + actor;
    return 0;
  }

  /** The thread's number, 0 if it is gone, as F_GETOWN_EX answers. */
  #openerOf(state: readonly number[], actor: number, descriptor: number): number {
    const opener = this.#slot(state, actor, descriptor)?.opener;
    if (opener === undefined) return NONE;
    return this.isAlive(state, opener) ? this.threadIdOf(opener) : 0;
  }

  /** 0: none or another one; 1: a lock; from 2: the mutex of level 0, 1, ... */
  #nameOf(state: readonly number[], actor: number, descriptor: number): number {
    const slot = this.#slot(state, actor, descriptor);
    if (slot?.kind === Kind.mutex) return 2 + slot.port;
    return slot?.kind === Kind.lock ? 1 : 0;
  }

  /** One bit for each open descriptor. */
  #descriptors(state: readonly number[], actor: number): number {
    const { process } = this.actors[actor] as ActorPlan;
    return this.openSlots(state, process).reduce((bits, slot) => bits | (1 << (FIRST_DESCRIPTOR + slot)), 0);
  }

  /** The process that has such a descriptor, or -1. */
  #find(state: readonly number[], kind: Kind, port: number, process = NONE): number {
    const lowest = 1 + (kind * MAX_OBJECTS + port) * this.actors.length;
    const highest = lowest + this.actors.length;
    const first = process === NONE ? this.#slots : this.#slots + process * SLOTS_PER_PROCESS;
    const end = process === NONE ? this.length : first + SLOTS_PER_PROCESS;
    for (let at = first; at < end; at++) {
      const code = state[at] as number;
      if (code >= lowest && code < highest) return Math.floor((at - this.#slots) / SLOTS_PER_PROCESS);
    }
    return NONE;
  }

  #slot(state: readonly number[], actor: number, descriptor: number): Slot | undefined {
    const { process } = this.actors[actor] as ActorPlan;
    return this.#decode(state, process, descriptor - FIRST_DESCRIPTOR);
  }

  #decode(state: readonly number[], process: number, slot: number): Slot | undefined {
    if (slot < 0 || slot >= SLOTS_PER_PROCESS) return undefined;
    const code = state[this.#slots + process * SLOTS_PER_PROCESS + slot] as number;
    if (code === 0) return undefined;
    const object = Math.floor((code - 1) / this.actors.length);
    return {
      opener: (code - 1) % this.actors.length,
      port: object % MAX_OBJECTS,
      kind: Math.floor(object / MAX_OBJECTS) as Kind,
    };
  }
}
