/**
 * Runs an actor's statements from their beginning, with the answers that its first steps had, up to its next step.
 * The product is deterministic in these answers: they are the whole local state of an actor.
 */
import type { PortKernel } from '../../../src/platform/port-kernel.ts';
import type { PortClaim } from '../../../src/pool/claim/port-claim.ts';
import type { PoolSession } from '../../../src/pool/session/pool-session.ts';
import { stage, type Steps } from './interposition.ts';
import { Listening, type ModelKernel, NONE, type Operation, type OperationName } from './model-kernel.ts';
import { type DescriptorSteps, modelLibC } from './model-libc.ts';
import { FIRST_PORT, type Pool } from './pool.ts';
import { privateStateOf } from './private-state.ts';
import type { Product } from './product.ts';
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
  readonly owned: readonly Owned[];
  /** Ports that it releases or has released. */
  readonly released: readonly number[];
  /** Descriptors of claims that are not given back, sealed ones included. */
  readonly keptDescriptors: number;
  /** What has happened to the actor so far, for the proof that the exploration gets everywhere. */
  readonly events: ReadonlySet<string>;
}

/** Answers to 'idle', by which a terminal state is examined. */
export const Idle = { lookForPressure: 0, giveBack: 1, claimAgain: 2 } as const;

/** Where a load asks only whether a port is free: by these functions' names. The other loads get the whole word. */
const ASKS_WHETHER_FREE = /#takeNeverUsed|#takeReleased|#scan|claimFromTheDead/;

const SUSPENDED = new Error('the actor waits for its next step');
const STATE_MASK = 15;
const HELD = 2;

export interface Watch {
  onStep: (step: number, operation: Operation) => void;
  /**
   * Between two statements, after the last answer: everything that the next steps depend on, as text.
   * @returns whether another history has led there already
   */
  isKnown: (localState: string) => boolean;
}

export class Replay implements Steps {
  readonly buffer: ArrayBuffer;
  readonly #product: Product;
  readonly #model: ModelKernel;
  readonly #pool: Pool;
  readonly #actor: number;
  readonly #plan: ActorPlan;
  readonly #isAloneInProcess: boolean;
  readonly #answers: readonly number[];
  readonly #watch: Watch;
  readonly #owned: PortClaim[] = [];
  readonly #released: number[] = [];
  readonly #open = new Set<number>();
  readonly #timers: (() => void)[] = [];
  readonly #events = new Set<string>();
  #position = 0;
  #lastSwap = NONE;
  #slice: number;
  #givesBack = false;
  #lastPressure = 0;
  #isMerged = false;
  #pending: Operation | undefined;

  constructor(
    product: Product,
    model: ModelKernel,
    pool: Pool,
    actor: number,
    answers: readonly number[],
    watch: Watch,
  ) {
    this.#product = product;
    this.#model = model;
    this.#pool = pool;
    this.#actor = actor;
    this.#plan = model.actors[actor] as ActorPlan;
    this.#slice = this.#plan.slice;
    this.#isAloneInProcess =
      model.actors.filter(({ process }) => process === this.#plan.process).length === 1;
    this.#answers = answers;
    this.#watch = watch;
    this.buffer = pool.image.slice();
  }

  /** @returns undefined if another history has led to the same state */
  run(): Outcome | undefined {
    const kernel = this.#kernel();
    const { platform } = this.#product.platform;
    platform.openKernel = () => kernel;
    platform.findListeners = (port) => this.#findListeners(port);
    stage.steps = this;
    let session: PoolSession | undefined;
    let kept = 0;
    try {
      session = this.#product.sessions.PoolSession.attach(this.#pool.handle);
      this.#act(session);
    } catch (error) {
      if (this.#isMerged) return undefined;
      if (this.#pending === undefined) throw error;
    } finally {
      stage.steps = undefined;
      for (const claim of session?.claims ?? []) kept += 1 + claim.hold.descriptors.length;
      session?.close();
    }
    if (this.#pending === undefined) throw new Error('The actor ended without a last step.');
    return {
      operation: this.#pending,
      owned: this.#owned.map(({ index, word, lock, hold }) => ({
        port: index,
        word,
        lock,
        hold: hold.descriptors,
      })),
      released: this.#released,
      keptDescriptors: kept,
      events: this.#events,
    };
  }

  #act(session: PoolSession): void {
    this.#plan.statements.forEach((statement, place) => {
      this.#pass(session, `${place}`);
      this.#perform(session, statement, place);
    });
    this.#pass(session, 'idle');
    for (;;) {
      const answer = this.#step('idle');
      if (answer === Idle.lookForPressure) this.#lookForPressure();
      else if (answer === Idle.claimAgain) this.#claim(session, 1, 0, [false, true]);
      else {
        this.#owned.length = 0;
        this.#product.release.releaseAll(session, () => true);
      }
    }
  }

  /** A place between two statements, or two looks for a port: nothing is left of what went before but this. */
  #pass(session: PoolSession, place: string): void {
    if (this.#pending !== undefined || this.#position !== this.#answers.length || this.#position === 0)
      return;
    const parts = [
      place,
      this.#slice,
      this.#released.join(),
      this.#timers.length,
      this.#lastPressure,
      [...this.#open].toSorted((a, b) => a - b).join(),
    ];
    for (const claim of session.claims) {
      const { index, word, phase, lock, hold } = claim;
      parts.push(index, word, phase, lock, hold.descriptors.join(), this.#owned.indexOf(claim));
    }
    session.segment.slices.forEach(({ portCount }, slice) => {
      if (portCount > 0) parts.push(privateStateOf(session.order(slice)));
    });
    if (!this.#watch.isKnown(parts.join('/'))) return;
    this.#isMerged = true;
    throw SUSPENDED;
  }

  #perform(session: PoolSession, statement: Statement, place: number): void {
    const first = this.#owned[0];
    switch (statement) {
      case 'claim':
        return this.#claim(session, 1, place, [false, true]);
      case 'claim thoroughly':
        return this.#claim(session, 1, place, [true]);
      case 'claim two':
        return this.#claim(session, 2, place, [false]);
      case 'release':
      case 'release sealed':
        return this.#release(statement === 'release sealed');
      case 'listen':
      case 'listen here':
      case 'stop listening':
        if (first !== undefined) this.#step(statement, first.index);
        return undefined;
      case 'look for pressure':
        return this.#lookForPressure();
      case 'take slice':
        this.#slice = this.#product.sliceOwners.takeSlice(session, 1);
        return undefined;
    }
  }

  #claim(session: PoolSession, count: number, place: number, looks: readonly boolean[]): void {
    const { hold } = this.#plan;
    const slice = this.#slice;
    const request = { target: { exactAddresses: undefined }, hold, label: '' };
    for (const thorough of looks) {
      const result = this.#product.acquire.claimAll({ session, slice, request }, count, thorough);
      if (!('claims' in result)) {
        if (!thorough) this.#pass(session, `${place} again`);
        continue;
      }
      this.#owned.push(...result.claims);
      const { isBorrowed } = this.#product.search;
      const misses = { lockedByOtherRuns: new Set<number>(), listenedOnByStrangers: new Set<number>() };
      if (result.claims.some((claim) => isBorrowed({ session, slice, request, misses, nowMs: 0 }, claim))) {
        this.#events.add('borrowed');
      }
      this.#events.add('claimed');
      return;
    }
    this.#events.add('found nothing');
  }

  #release(seal: boolean): void {
    const [claim] = this.#owned;
    if (claim === undefined) return;
    // It is the actor's until the release has taken its first step.
    this.#givesBack = true;
    this.#released.push(claim.index);
    this.#product.release.releaseClaim(claim, seal);
    this.#events.add(claim.phase);
    // The second `cleanup()` of the same owner.
    this.#product.release.releaseClaim(claim, seal);
  }

  #lookForPressure(): void {
    const openBefore = this.#open.size;
    for (const act of this.#timers) act();
    if (this.#open.size < openBefore) this.#events.add('freed a seal');
  }

  #step(name: OperationName, a = 0, b = 0, c = 0): number {
    if (this.#pending !== undefined) throw SUSPENDED;
    const operation = { name, a, b, c };
    this.#watch.onStep(this.#position, operation);
    if (this.#position === this.#answers.length) {
      const asksWhetherFree = name === 'load' && a < this.#model.words.releasedAtMs && asksOnlyWhetherFree();
      this.#pending = asksWhetherFree ? { ...operation, b: 1 } : operation;
      throw SUSPENDED;
    }
    if (this.#givesBack) this.#owned.shift();
    this.#givesBack = false;
    return this.#answers[this.#position++] as number;
  }

  // The words.

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
  }

  add(word: number, difference: number): number {
    return this.#step('add', word, difference);
  }

  swap(word: number, expected: number, desired: number): number {
    const found = this.#step('swap', word, expected, desired);
    this.#lastSwap = this.#position;
    if (found !== expected) {
      this.#events.add((desired & STATE_MASK) === HELD ? 'had been taken for dead' : 'was outrun');
    }
    return found;
  }

  // The kernel.

  #kernel(): PortKernel {
    const steps: DescriptorSteps = {
      threadId: this.#model.threadIdOf(this.#actor),
      socket: () => this.#opened('socket'),
      close: (descriptor) => this.#close(descriptor),
      isMarked: (descriptor) => !this.#isAloneInProcess && this.#step('marked', descriptor) === 1,
      opener: (descriptor) => this.#step('opener', descriptor),
      nameOf: (descriptor) => this.#step('name', descriptor),
      bindMutex: (descriptor, level) => this.#step('mutex', descriptor, level) !== NONE,
    };
    const libc = modelLibC(steps);
    this.#product.threadDescriptors.markAsThreads(libc, 0);
    const kernel: Partial<PortKernel> = {
      threadId: steps.threadId,
      networkNamespace: () => 'model',
      attachMemory: () => ({ buffer: this.buffer, descriptor: undefined, close: () => undefined }),
      takeLock: (port) => this.#takeLock(this.#indexOf(port)),
      takeHold: (port) => this.#hold(this.#opened('hold', this.#indexOf(port))),
      checkStrictly: (port) => (this.#step('check', this.#indexOf(port)) === NONE ? undefined : this.#hold()),
      somethingListens: (port) => this.#step('probe', this.#indexOf(port)) === 1,
      somethingListensBeside: (hold) => this.#step('probe beside', hold.descriptors[0]) === 1,
      takeSeal: (port) => {
        const descriptor = this.#opened('seal', this.#indexOf(port));
        return descriptor === NONE ? undefined : [descriptor];
      },
      closeDescriptors: (descriptors) => descriptors.forEach((descriptor) => this.#close(descriptor)),
      closeOrphans: () => {
        const closed = this.#product.orphans.closeOrphans(libc);
        if (closed > 0) this.#events.add('adopted');
        return closed;
      },
    };
    return kernel as PortKernel;
  }

  #indexOf(port: number): number {
    return port - FIRST_PORT;
  }

  #takeLock(port: number): number | undefined {
    const afterSwap = this.#lastSwap === this.#position;
    const lock = this.#opened('lock', port);
    if (!afterSwap && lock !== NONE) this.#events.add('took from the dead');
    if (afterSwap && lock === NONE) this.#events.add('backed off');
    return lock === NONE ? undefined : lock;
  }

  #hold(descriptor?: number): { descriptors: number[]; addresses: undefined } | undefined {
    if (descriptor === NONE) return undefined;
    return { descriptors: descriptor === undefined ? [] : [descriptor], addresses: undefined };
  }

  #opened(name: OperationName, port = 0): number {
    const descriptor = this.#step(name, port);
    if (descriptor !== NONE) this.#open.add(descriptor);
    return descriptor;
  }

  #close(descriptor: number): void {
    this.#step('close', descriptor);
    this.#open.delete(descriptor);
  }

  /** A process with one thread knows its own descriptors: nobody else changes them. */
  descriptors(): number[] {
    if (this.#isAloneInProcess) return [...this.#open];
    const bits = this.#step('descriptors');
    return Array.from({ length: 31 }, (_, descriptor) => descriptor).filter(
      (descriptor) => bits & (1 << descriptor),
    );
  }

  isAlive(threadId: number): boolean {
    return this.#step('alive', threadId) === 1;
  }

  startTimer(act: () => void): void {
    this.#timers.push(act);
  }

  #findListeners(port: number): { processId: number; command: string; userId: number }[] {
    const who = this.#step('listeners', this.#indexOf(port));
    if (who === Listening.nobody) return [];
    return [{ processId: process.pid + (who === Listening.here ? 0 : 1), command: 'server', userId: 0 }];
  }
}

function asksOnlyWhetherFree(): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 12;
  const { stack = '' } = new Error('here');
  Error.stackTraceLimit = stackTraceLimit;
  const caller = stack
    .split('\n')
    .find((line) => !line.includes('/interleavings/') && line.includes('    at '));
  return ASKS_WHETHER_FREE.test(caller ?? '');
}
