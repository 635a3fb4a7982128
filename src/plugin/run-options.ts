/**
 * What a runner's configuration says about the pool, kept until the global setup makes it, which checks it. Every worker
 * evaluates the configuration, so this file loads nothing. It is kept on `process`, since Vitest can load this file twice.
 */
import type { PortPoolOptions } from '../pool/api/port-pool.ts';

/** What the plugins take: the options of the pool, whose number of workers the runner knows. */
export type RunPoolOptions = Omit<PortPoolOptions, 'workers'>;

const KEY: unique symbol = Symbol.for('portslice/run-options');
const holder = process as { [KEY]?: RunPoolOptions };

/** A project that says nothing leaves what another project has said. */
export function rememberRunOptions(options: RunPoolOptions): void {
  const saysNothing = typeof options === 'object' && options !== null && Object.keys(options).length === 0;
  if (!saysNothing) holder[KEY] = options;
}

export function rememberedRunOptions(): RunPoolOptions {
  return KEY in holder ? holder[KEY] : {};
}
