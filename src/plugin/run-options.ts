/**
 * What a runner's configuration says about the pool, kept until the global setup makes it. Every worker evaluates the
 * configuration, so this file loads little.
 */
import { threadState } from '../platform/thread-state.ts';
import { checkNames, RUN_POOL_OPTION_NAMES } from '../pool/option-checks.ts';
import type { PortPoolOptions } from '../pool/port-pool.ts';

/** What the plugins take: the options of the pool, whose number of workers the runner knows. */
export type RunPoolOptions = Omit<PortPoolOptions, 'workers'>;

function holder(): { options: RunPoolOptions } {
  return threadState('run-options', () => ({ options: {} }));
}

/** A project that says nothing leaves what another project has said. @throws InvalidOptionError */
export function rememberRunOptions(options: RunPoolOptions): void {
  checkNames(options, RUN_POOL_OPTION_NAMES);
  if (Object.keys(options).length > 0) holder().options = options;
}

export function rememberedRunOptions(): RunPoolOptions {
  return holder().options;
}
