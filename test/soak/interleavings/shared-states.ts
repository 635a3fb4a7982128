/** The shared states that were met, each once, and what the steps in them led to: nothing is computed twice. */
import type { ModelKernel, Operation } from './model-kernel.ts';

/** Words of a state as characters: none is below -16. */
const CHARACTER_OF_ZERO = 16;
export class SharedStates {
  readonly #model: ModelKernel;
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #changes = new Map<string, number>();
  /** By shared state, then by change: a place in the lists of what followed and what was answered. */
  readonly #results: Map<number, number>[] = [];
  readonly #nexts: number[] = [];
  readonly #answers: number[] = [];

  constructor(model: ModelKernel) {
    this.#model = model;
  }

  get count(): number {
    return this.#texts.length;
  }

  intern(values: readonly number[]): number {
    const text = String.fromCharCode(...values.map((value) => value + CHARACTER_OF_ZERO));
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#texts.push(text) - 1;
      this.#numbers.set(text, number);
    }
    return number;
  }

  values(shared: number): number[] {
    const text = this.#texts[shared] as string;
    return Array.from({ length: text.length }, (_, place) => text.charCodeAt(place) - CHARACTER_OF_ZERO);
  }

  /** A number for whatever changes a state. */
  changeOf(actor: number, { name, a, b, c }: Operation): number {
    const text = `${actor} ${name} ${a} ${b} ${c}`;
    let change = this.#changes.get(text);
    if (change === undefined) this.#changes.set(text, (change = this.#changes.size));
    return change;
  }

  /**
   * What comes of an operation, for `nextOf` and `answerOf`.
   * @param change its `changeOf`
   * @throws Violation
   */
  apply(shared: number, change: number, actor: number, operation: Operation): number {
    return this.#resultOf(shared, change, (values) => this.#model.apply(values, actor, operation));
  }

  /** @param change a number that `changeOf` has given for the like of it @returns the state that follows */
  change(shared: number, change: number, make: (values: number[]) => void): number {
    const result = this.#resultOf(shared, change, (values) => {
      make(values);
      return 0;
    });
    return this.nextOf(result);
  }

  nextOf(result: number): number {
    return this.#nexts[result] as number;
  }

  answerOf(result: number): number {
    return this.#answers[result] as number;
  }

  #resultOf(shared: number, change: number, make: (values: number[]) => number): number {
    const known = (this.#results[shared] ??= new Map<number, number>());
    let result = known.get(change);
    if (result === undefined) {
      const values = this.values(shared);
      const answer = make(values);
      result = this.#nexts.push(this.intern(values)) - 1;
      this.#answers.push(answer);
      known.set(change, result);
    }
    return result;
  }
}
