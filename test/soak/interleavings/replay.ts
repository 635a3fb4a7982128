/**
 * Runs an actor's statements from their beginning, with the answers that its first steps had, up to its next step.
 * The product is deterministic in these answers: they are the whole local state of an actor.
 */
import { PortState, stateOf } from '../../../src/core/port-state.ts';
import { TCPPortOwner } from '../../../src/index.ts';
import { platform } from '../../../src/platform/platform.ts';
import { PortDispenser } from '../../../src/plugin/port-dispenser.ts';
import { ActorKernel } from './actor-kernel.ts';
import { stage, type Steps } from './interposition.ts';
import { type ModelKernel, NONE, type Operation, type OperationName } from './model-kernel.ts';
import { BORROWED_WORD, indexOf, type Pool } from './pool.ts';
import { forgetThread, rememberedState } from './private-state.ts';
import type { ActorPlan, Statement } from './scenario.ts';

/** What an actor has between the return of its claim and the call of its release. */
interface Owned {
  readonly port: number;
  readonly word: number;
  readonly lock: number;
  readonly hold: readonly number[];
}

export interface Outcome {
  readonly operation: Operation;
  /** Where in the code it is, as a stack trace. */
  readonly place: string;
  readonly owned: readonly Owned[];
  /** Ports that it releases or has released. */
  readonly released: readonly number[];
  /** Ports whose records say that it has them, sealed ones included. */
  readonly kept: readonly number[];
  readonly hasDescriptors: boolean;
  /** What has happened to the actor so far, for the proof that the exploration gets everywhere. */
  readonly events: ReadonlySet<string>;
}

/** Answers to 'idle', by which a terminal state is examined. */
export const Idle = { lookForPressure: 0, giveBack: 1, claimAgain: 2 } as const;

const SUSPENDED = new Error('the actor waits for its next step');
const NOTHING_FOUND = new Error('the actor has looked often enough');
const TIMEOUT_MS = 60_000;
const START_MS = 1000;

/** How an actor claims: the first look of a wait is a quick one, unless its time is over at once. */
const CLAIMS = {
  claim: { count: 1, looks: 2, acquireTimeoutMs: TIMEOUT_MS },
  'claim thoroughly': { count: 1, looks: 1, acquireTimeoutMs: 0 },
  'claim two': { count: 2, looks: 1, acquireTimeoutMs: TIMEOUT_MS },
} as const;

/** Runs what waits for promises. Node has it for those who call JavaScript from outside of the event loop. */
const { _tickCallback: runMicrotasks } = process as unknown as { _tickCallback: () => void };

export interface Watch {
  onStep: (step: number, operation: Operation) => void;
  /**
   * Where the product is not in the middle of anything, after the last answer: all that the next steps depend on, as text.
   * @returns whether another history has led there already
   */
  isKnown: (localState: string) => boolean;
}

export class Replay implements Steps {
  readonly buffer: ArrayBuffer;
  nowMs: number = START_MS;
  readonly #model: ModelKernel;
  readonly #pool: Pool;
  readonly #plan: ActorPlan;
  readonly #answers: readonly number[];
  readonly #watch: Watch;
  readonly #owners: TCPPortOwner[] = [];
  readonly #released: number[] = [];
  /** The last words that the actor has written, of the ports that are its own by them. */
  readonly #kept = new Map<number, number>();
  readonly #kernel: ActorKernel;
  readonly #intervals: (() => void)[] = [];
  readonly #events = new Set<string>();
  #timeouts: (() => void)[] = [];
  #whenWaiting: () => void = () => undefined;
  #dispenser: PortDispenser | undefined;
  #position = 0;
  #lastSwap = NONE;
  #givesBack = false;
  #lastPressure = 0;
  #isMerged = false;
  #pending: Operation | undefined;
  #pendingPlace = '';

  constructor(model: ModelKernel, pool: Pool, actor: number, answers: readonly number[], watch: Watch) {
    this.#model = model;
    this.#pool = pool;
    this.#plan = model.actors[actor] as ActorPlan;
    this.#answers = answers;
    this.#watch = watch;
    this.buffer = pool.image.slice();
    this.#kernel = new ActorKernel(model, actor, this.buffer, {
      take: (name, a, b) => this.#step(name, a, b),
      hasJustSwapped: () => this.#lastSwap === this.#position,
      note: (event) => this.#events.add(event),
    });
  }

  /** @returns undefined if another history has led to the same state */
  run(): Outcome | undefined {
    platform.openKernel = () => this.#kernel.calls;
    platform.findListeners = (port) => this.#kernel.findListeners(port);
    process.env['PORTSLICE_POOL'] = this.#pool.handle;
    Object.assign(process, { __tinypool_state__: { workerId: this.#plan.slice } });
    stage.steps = this;
    try {
      this.#runUntilSuspended();
    } finally {
      stage.steps = undefined;
      forgetThread();
    }
    if (this.#isMerged) return undefined;
    if (this.#pending === undefined) throw new Error('The actor ended without a last step.');
    return {
      operation: this.#pending,
      place: this.#pendingPlace,
      owned: this.#owners.map((owner) => this.#describe(owner)),
      released: this.#released,
      kept: [...this.#kept.keys()],
      hasDescriptors: this.#kernel.open.size > 0,
      events: this.#events,
    };
  }

  #runUntilSuspended(): void {
    const ends: unknown[] = [];
    this.#act().catch((error: unknown) => ends.push(error));
    try {
      for (runMicrotasks(); ends.length === 0; runMicrotasks()) this.#wait();
    } catch (error) {
      ends.push(error);
    }
    if (ends[0] !== SUSPENDED) throw ends[0];
  }

  /** Everything that the actor does waits for time to pass. */
  #wait(): void {
    this.#whenWaiting();
    this.nowMs += 1000;
    const due = this.#timeouts;
    this.#timeouts = [];
    due.forEach((act) => act());
  }

  #describe({ port }: TCPPortOwner): Owned {
    const index = indexOf(port);
    return {
      port: index,
      word: this.#kept.get(index) ?? NONE,
      lock: this.#kernel.locks[index] ?? NONE,
      hold: this.#kernel.holds[index] ?? [],
    };
  }

  async #act(): Promise<never> {
    for (const [place, statement] of this.#plan.statements.entries()) {
      this.#pass(`${place}`);
      await this.#perform(statement, place);
    }
    this.#pass('idle');
    for (;;) {
      const answer = this.#step('idle');
      if (answer === Idle.lookForPressure) this.#lookForPressure();
      else if (answer === Idle.claimAgain) await this.#claim('claim', this.#plan.statements.length);
      else for (const owner of this.#owners.splice(0)) owner.cleanup();
    }
  }

  /** A place between two statements, or two looks for a port: nothing is left of what went before but this. */
  #pass(place: string): void {
    if (this.#pending !== undefined || this.#position !== this.#answers.length || this.#position === 0)
      return;
    const parts = [
      place,
      this.#released.join(),
      this.#intervals.length,
      this.#lastPressure,
      [...this.#kernel.open].toSorted((a, b) => a - b).join(),
      [...this.#kept].join(),
      rememberedState([this.#owners, this.#dispenser]),
    ];
    if (!this.#watch.isKnown(parts.join('/'))) return;
    this.#isMerged = true;
    throw SUSPENDED;
  }

  async #perform(statement: Statement, place: number): Promise<void> {
    const first = this.#owners[0];
    switch (statement) {
      case 'claim':
      case 'claim thoroughly':
      case 'claim two':
        return this.#claim(statement, place);
      case 'release':
      case 'release sealed':
        return this.#release(statement === 'release sealed');
      case 'listen':
      case 'listen here':
      case 'stop listening':
        if (first !== undefined) this.#step(statement, indexOf(first.port));
        return undefined;
      case 'look for pressure':
        return this.#lookForPressure();
    }
  }

  async #claim(statement: keyof typeof CLAIMS, place: number): Promise<void> {
    const { count, looks, acquireTimeoutMs } = CLAIMS[statement];
    const end = new AbortController();
    let lookCount = 0;
    this.#whenWaiting = () => {
      if (++lookCount === looks) end.abort(NOTHING_FOUND);
      else this.#pass(`${place} again`);
    };
    const options = { hold: this.#plan.hold, acquireTimeoutMs, signal: end.signal };
    try {
      this.#owners.push(...(await this.#source().acquireMany(count, options)));
      this.#events.add('claimed');
    } catch (error) {
      if (error !== NOTHING_FOUND) throw error;
      this.#events.add('found nothing');
    } finally {
      this.#whenWaiting = () => undefined;
    }
  }

  /** Only a dispenser seals ports. */
  #source(): Pick<typeof TCPPortOwner, 'acquireMany'> {
    if (!this.#plan.statements.includes('release sealed')) return TCPPortOwner;
    this.#dispenser ??= new PortDispenser({
      fixture: 'port',
      label: '',
      defaults: {},
      testTimeoutMs: 0,
      scope: 'test',
      onAcquire: () => undefined,
    });
    return this.#dispenser;
  }

  async #release(seal: boolean): Promise<void> {
    const [owner] = this.#owners;
    if (owner === undefined) return;
    // It is the actor's until the release has taken its first step.
    this.#givesBack = true;
    this.#released.push(indexOf(owner.port));
    if (seal) await this.#dispenser?.releaseAll(true);
    else owner.cleanup();
    owner.cleanup();
  }

  #lookForPressure(): void {
    const openBefore = this.#kernel.open.size;
    for (const act of this.#intervals) act();
    if (this.#kernel.open.size < openBefore) this.#events.add('freed a seal');
  }

  #step(name: OperationName, a = 0, b = 0, c = 0): number {
    if (this.#pending !== undefined) throw SUSPENDED;
    const operation = { name, a, b, c };
    this.#watch.onStep(this.#position, operation);
    if (this.#position === this.#answers.length) {
      this.#pending = operation;
      this.#pendingPlace = traceStack();
      throw SUSPENDED;
    }
    if (this.#givesBack) this.#owners.shift();
    this.#givesBack = false;
    return this.#answers[this.#position++] as number;
  }

  // The words, the clock and what the user is told.

  wordAt(byteOffset: number): number | undefined {
    return this.#pool.words.get(byteOffset);
  }

  load(word: number): number {
    const value = this.#step('load', word);
    if (word === this.#model.words.pressure) this.#lastPressure = value;
    return value;
  }

  store(word: number, value: number): void {
    this.#step('store', word, value);
    this.#noteWord(word, value);
  }

  add(word: number, difference: number): number {
    if (word !== BORROWED_WORD) return this.#step('add', word, difference);
    if (difference > 0) this.#events.add('borrowed');
    return 0;
  }

  swap(word: number, expected: number, desired: number): number {
    const found = this.#step('swap', word, expected, desired);
    this.#lastSwap = this.#position;
    if (found === expected) this.#noteWord(word, desired);
    else this.#events.add(stateOf(desired) === PortState.held ? 'had been taken for dead' : 'was outrun');
    return found;
  }

  #noteWord(port: number, word: number): void {
    if (port >= this.#model.words.releasedAtMs) return;
    const state = stateOf(word);
    if (state === PortState.held || state === PortState.sealed) this.#kept.set(port, word);
    else this.#kept.delete(port);
    if (state === PortState.sealed) this.#events.add(this.#kernel.hasLeaked ? 'leaked' : 'sealed');
    if (state === PortState.free && this.#released.includes(port)) this.#events.add('released');
  }

  warned(code: string): void {
    if (code === 'PORTSLICE_LEAK') this.#kernel.hasLeaked = true;
  }

  startTimeout(act: () => void): void {
    this.#timeouts.push(act);
  }

  startInterval(act: () => void): void {
    this.#intervals.push(act);
  }

  descriptors(): number[] {
    return this.#kernel.descriptors();
  }

  isAlive(threadId: number): boolean {
    return this.#step('alive', threadId) === 1;
  }
}

/** The product's part of it. */
function traceStack(): string {
  Error.stackTraceLimit = 30;
  Error.prepareStackTrace = (_, sites) =>
    sites
      .map((site) => `${site.getFileName()}:${site.getPosition()}`)
      .filter((place) => place.includes('/src/'))
      .join();
  const { stack = '' } = new Error('here');
  Reflect.deleteProperty(Error, 'prepareStackTrace');
  return stack;
}
