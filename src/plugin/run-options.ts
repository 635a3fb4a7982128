/**
 * What a runner's configurations say about the pool, kept until the global setup makes it, which checks it. Every worker
 * evaluates the configuration, so this file loads nothing. It is kept on `process`, since Vitest can load this file twice.
 */
import type { PortPoolOptions } from '../pool/api/port-pool.ts';
import type { OnLeak } from '../pool/session/port-claim.ts';
import type { ReportOptions } from '../report/report-options.ts';

/** What the plugins take: the options of the pool, whose number of workers the runner knows, and of all tests. */
export interface RunPoolOptions extends Omit<PortPoolOptions, 'workers'> {
  /** What is done when a test leaves something listening. Default: PORTSLICE_ON_LEAK, else 'warn'. `portOptions` has the last word. */
  onLeak?: OnLeak | undefined;
  /** Adds the reporter, which writes the report of the ports into a folder: `ports-report`, or the one that is named. */
  report?: boolean | ReportOptions | undefined;
}

export interface RememberedOptions {
  /** Whose configuration, in words. */
  readonly origin: string;
  readonly options: RunPoolOptions;
}

interface Holder {
  said: RememberedOptions[];
  /** The run that it was said for has ended: what is said next is of another evaluation of all configurations. */
  isOver: boolean;
}

function thisRun(): Holder {
  const key = Symbol.for('portslice/run-options');
  const holder = process as { [key]?: Holder };
  return (holder[key] ??= { said: [], isOver: false });
}

/** A configuration that says nothing leaves what another one says. */
export function rememberRunOptions(origin: string, options: RunPoolOptions): void {
  const run = thisRun();
  if (run.isOver) Object.assign(run, { said: [], isOver: false });
  const saysNothing = typeof options === 'object' && options !== null && Object.keys(options).length === 0;
  if (!saysNothing) run.said.push({ origin, options });
}

export function rememberedRunOptions(): readonly RememberedOptions[] {
  return thisRun().said;
}

export function runOptionsAreOver(): void {
  thisRun().isOver = true;
}
