/** What a check of the self-test is, and what comes of it. */
import type { Bench } from './bench.ts';

export interface Check {
  /** Names it in reports: short, and always the same. */
  readonly name: string;
  /** A sentence without its full stop. */
  readonly promise: string;
  /**
   * @returns what this machine does not keep of the promise, and why; undefined: it keeps all of it
   * @throws BrokenPromise if it should, and does not
   */
  readonly run: (bench: Bench) => Promise<string | undefined>;
}

export type CheckResult = Pick<Check, 'name' | 'promise'> & Outcome;

type Outcome =
  | { readonly outcome: 'ok' }
  | { readonly outcome: 'weaker'; readonly weakness: string }
  | ({ readonly outcome: 'failed' } & Failure);

export interface Failure {
  readonly expected: string;
  readonly seen: string;
  /** What to do, as a sentence. */
  readonly advice: string;
}

export const REPORT_IT = 'Report it, with the text at the end.';

/** Thrown inside of a check, and never out of the self-test. */
export class BrokenPromise extends Error {
  readonly failure: Failure;

  constructor(expected: string, seen: string, advice: string = REPORT_IT) {
    super(`expected ${expected}; seen: ${seen}`);
    this.name = 'BrokenPromise';
    this.failure = { expected, seen, advice };
  }
}
