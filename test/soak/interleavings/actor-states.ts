/**
 * The local states of all actors, as a forest: an actor's state is the history of the answers that it was given. Each
 * is computed once, however often the exploration comes by.
 *
 * Histories are merged that cannot matter any more. Between two statements of its test, whatever an actor remembers can
 * be read; see private-state.ts. In the middle of one, what it has read in a port's state word is taken to be forgotten as
 * soon as it reads or changes the word again: a search looks whether a port is free, and its claim reads the word anew. For
 * each merge it is then tried whether the merged history really goes on as the other one did.
 */
import type { ModelKernel, Operation } from './model-kernel.ts';
import type { Pool } from './pool.ts';
import { type Outcome, Replay } from './replay.ts';
import type { SharedStates } from './shared-states.ts';

/** An actor that takes more steps than this does not finish. */
const MAX_STEPS = 600;
/** So many merges are tried, spread evenly. */
const MAX_CHECKED_MERGES = 5000;

interface Step {
  readonly operation: Operation;
  /** Undefined: forgotten. */
  readonly answer: number | undefined;
}

interface ActorState {
  readonly actor: number;
  readonly parent: number;
  readonly answer: number;
  readonly outcome: Outcome;
  /** Of its operation; see shared-states.ts. */
  readonly change: number;
  readonly isIdle: boolean;
  readonly next: Map<number, number>;
  /** The last state before it between two statements, and the steps since then. */
  readonly origin: number;
  readonly steps: readonly Step[];
}

interface Merge {
  readonly parent: number;
  readonly answer: number;
  readonly into: number;
}

export class ActorStates {
  readonly events: Set<string> = new Set<string>();
  readonly #model: ModelKernel;
  readonly #pool: Pool;
  readonly #shared: SharedStates;
  readonly #states: ActorState[] = [];
  readonly #firsts: number[] = [];
  /** By everything that the next steps depend on. */
  readonly #known = new Map<string, number>();
  readonly #merges: Merge[] = [];

  constructor(model: ModelKernel, pool: Pool, shared: SharedStates) {
    this.#shared = shared;
    this.#model = model;
    this.#pool = pool;
  }

  get count(): number {
    return this.#states.length;
  }

  /** The longest way of any actor from its beginning to its end. Throws if there is a cycle, so that there is none. */
  get maxStepCount(): number {
    const lengths = new Map<number, number>();
    const lengthFrom = (state: number, depth: number): number => {
      if (depth > this.#states.length) throw new Error('an actor comes back to where it was');
      let length = lengths.get(state);
      if (length !== undefined) return length;
      length = 0;
      if (!this.isIdle(state)) {
        for (const following of (this.#states[state] as ActorState).next.values()) {
          length = Math.max(length, 1 + lengthFrom(following, depth + 1));
        }
      }
      lengths.set(state, length);
      return length;
    };
    return Math.max(...this.#firsts.map((state) => lengthFrom(state, 0)));
  }

  first(actor: number): number {
    const state = this.#add(actor, -1, 0);
    this.#firsts.push(state);
    return state;
  }

  outcome(state: number): Outcome {
    return (this.#states[state] as ActorState).outcome;
  }

  isIdle(state: number): boolean {
    return (this.#states[state] as ActorState).isIdle;
  }

  changeOf(state: number): number {
    return (this.#states[state] as ActorState).change;
  }

  /** The state after that answer to its operation. */
  after(state: number, answer: number): number {
    const { actor, next } = this.#states[state] as ActorState;
    let following = next.get(answer);
    if (following === undefined) next.set(answer, (following = this.#add(actor, state, answer)));
    return following;
  }

  /** Lets merged histories go on as the others did. @throws if they do something else, or something else is to be seen */
  checkMerges(): void {
    const stride = Math.ceil(this.#merges.length / MAX_CHECKED_MERGES);
    for (let place = 0; place < this.#merges.length; place += stride) {
      const { parent, answer, into } = this.#merges[place] as Merge;
      const { actor } = this.#states[into] as ActorState;
      const { answers, operations } = this.#history(parent, answer);
      let last = into;
      for (let turn = place; (this.#states[last] as ActorState).next.size > 0; turn++) {
        const { next, outcome } = this.#states[last] as ActorState;
        const [given, following] = [...next][turn % next.size] as [number, number];
        answers.push(given);
        operations.push(outcome.operation);
        last = following;
      }
      const outcome = this.#replay(actor, answers, operations, () => false) as Outcome;
      const { events: _, ...seen } = outcome;
      const { events: __, ...expected } = this.outcome(last);
      if (JSON.stringify(seen) !== JSON.stringify(expected))
        throw new Error('The product remembers what it is taken to have forgotten.');
    }
  }

  #replay(
    actor: number,
    answers: readonly number[],
    operations: readonly Operation[],
    isKnown: (localState: string) => boolean,
  ): Outcome | undefined {
    const onStep = (step: number, operation: Operation): void => expectSame(operations[step], operation);
    return new Replay(this.#model, this.#pool, actor, answers, { onStep, isKnown }).run();
  }

  #add(actor: number, parent: number, answer: number): number {
    const { answers, operations } = this.#history(parent, answer);
    if (answers.length > MAX_STEPS) throw new Error(`does not finish within ${MAX_STEPS} steps`);
    let known: number | undefined;
    let key: string | undefined;
    const outcome = this.#replay(actor, answers, operations, (localState) => {
      if (key !== undefined) return false;
      key = `${actor}/${localState}`;
      known = this.#known.get(key);
      return known !== undefined;
    });
    const isBetween = key !== undefined || parent === -1;
    const { origin, steps } = isBetween ? { origin: this.count, steps: [] } : this.#wayTo(parent, answer);
    if (outcome !== undefined && !isBetween) {
      const { operation, place } = outcome;
      key = [origin, ...steps.map(textOf), textOf({ operation, answer: undefined }), place].join();
      known = this.#known.get(key);
    }
    if (outcome === undefined || known !== undefined) {
      this.#merges.push({ parent, answer, into: known as number });
      return known as number;
    }
    if (key !== undefined) this.#known.set(key, this.count);
    for (const event of outcome.events) this.events.add(event);
    const change = this.#shared.changeOf(actor, outcome.operation);
    const isIdle = outcome.operation.name === 'idle';
    const next = new Map<number, number>();
    return this.#states.push({ actor, parent, answer, outcome, change, isIdle, next, origin, steps }) - 1;
  }

  #wayTo(parent: number, answer: number): Pick<ActorState, 'origin' | 'steps'> {
    const { origin, steps, outcome } = this.#states[parent] as ActorState;
    const { operation } = outcome;
    const forgets = this.#isOnStateWord(operation);
    const isForgotten = (step: Step): boolean =>
      forgets && step.operation.name === 'load' && step.operation.a === operation.a;
    const before = steps.map((step) => (isForgotten(step) ? { ...step, answer: undefined } : step));
    return { origin, steps: [...before, { operation, answer }] };
  }

  #isOnStateWord({ name, a }: Operation): boolean {
    return ['load', 'store', 'swap'].includes(name) && a < this.#model.words.releasedAtMs;
  }

  #history(parent: number, answer: number): { answers: number[]; operations: Operation[] } {
    const answers: number[] = [];
    const operations: Operation[] = [];
    let given = answer;
    for (let at = parent; at !== -1;) {
      const state = this.#states[at] as ActorState;
      answers.push(given);
      operations.push(state.outcome.operation);
      given = state.answer;
      at = state.parent;
    }
    return { answers: answers.toReversed(), operations: operations.toReversed() };
  }
}

function textOf({ operation: { name, a, b, c }, answer }: Step): string {
  return `${name} ${a} ${b} ${c}=${answer ?? ''}`;
}

/** The product must do the same again, given the same answers. */
function expectSame(before: Operation | undefined, now: Operation): void {
  if (before === undefined) return;
  if (before.name === now.name && before.a === now.a && before.b === now.b && before.c === now.c) return;
  throw new Error(`A step was ${before.name} ${before.a} and is now ${now.name} ${now.a}.`);
}
