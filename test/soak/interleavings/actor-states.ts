/**
 * The local states of all actors, as a forest: an actor's state is the history of the answers that it was given. Each
 * is computed once, however often the exploration comes by.
 */
import type { ModelKernel, Operation } from './model-kernel.ts';
import type { Pool } from './pool.ts';
import type { Product } from './product.ts';
import { type Outcome, Replay } from './replay.ts';
import type { SharedStates } from './shared-states.ts';

/** An actor that takes more steps than this does not finish. */
const MAX_STEPS = 600;

interface ActorState {
  readonly actor: number;
  readonly parent: number;
  readonly answer: number;
  readonly outcome: Outcome;
  /** Of its operation; see shared-states.ts. */
  readonly change: number;
  readonly isIdle: boolean;
  readonly next: Map<number, number>;
}

export class ActorStates {
  readonly events: Set<string> = new Set<string>();
  readonly #product: Product;
  readonly #model: ModelKernel;
  readonly #pool: Pool;
  readonly #shared: SharedStates;
  readonly #states: ActorState[] = [];
  readonly #firsts: number[] = [];
  /** By everything that the next steps depend on. */
  readonly #known = new Map<string, number>();

  constructor(product: Product, model: ModelKernel, pool: Pool, shared: SharedStates) {
    this.#shared = shared;
    this.#product = product;
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

  #add(actor: number, parent: number, answer: number): number {
    const { answers, operations } = this.#history(parent, answer);
    if (answers.length > MAX_STEPS) throw new Error(`does not finish within ${MAX_STEPS} steps`);
    let known: number | undefined;
    let key: string | undefined;
    const outcome = new Replay(this.#product, this.#model, this.#pool, actor, answers, {
      onStep: (step, operation) => expectSame(operations[step], operation),
      isKnown: (localState) => {
        if (key !== undefined) return false;
        key = `${actor}/${localState}`;
        known = this.#known.get(key);
        return known !== undefined;
      },
    }).run();
    if (outcome === undefined) return known as number;
    if (key !== undefined) this.#known.set(key, this.#states.length);
    for (const event of outcome.events) this.events.add(event);
    const change = this.#shared.changeOf(actor, outcome.operation);
    const isIdle = outcome.operation.name === 'idle';
    this.#states.push({ actor, parent, answer, outcome, change, isIdle, next: new Map() });
    return this.#states.length - 1;
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

/** The product must do the same again, given the same answers. */
function expectSame(before: Operation | undefined, now: Operation): void {
  if (before === undefined) return;
  const isSame = before.name === now.name && before.a === now.a && before.c === now.c;
  // Of a load, the second argument tells who asks.
  if (isSame && (before.b === now.b || now.name === 'load')) return;
  throw new Error(`A step was ${before.name} ${before.a} and is now ${now.name} ${now.a}.`);
}
