/** One attempt of a test as the adapter of a runner tells it. */
import type { TestReport } from './format.ts';

export interface ToldTest extends Omit<TestReport, 'machine' | 'worker' | 'ports' | 'servers'> {
  /** 0: not known, of a test whose worker has ended. */
  readonly startedAtMs: number;
  /** The same for all attempts of the test. */
  readonly testId: string;
  /** As `TestReport.worker`; undefined: the facts of its run say it. */
  readonly worker: number | undefined;
  /** The same for all that one process of one run has run. */
  readonly workerKey: string;
  /** What it has told of its ports and servers, as JSON has it. They may be damaged. */
  readonly ports: readonly (() => unknown)[];
  readonly servers: readonly (() => unknown)[];
  /** What it has passed on of its run. */
  readonly run: { readonly worker?: number | undefined; readonly facts: string } | undefined;
  /** The messages of its errors. */
  readonly errors: readonly string[];
}
