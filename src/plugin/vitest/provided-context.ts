/** Types for `inject('runPort:web')`: the run ports of the configuration, also in a browser, where there is no environment. */
export interface ProvidedRunPorts {
  readonly [runPort: `runPort:${string}`]: number;
}

declare module 'vitest' {
  export interface ProvidedContext extends ProvidedRunPorts {}
}
