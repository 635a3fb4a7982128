export { default } from './plugin/vitest/vite-plugin.ts';
export type { RunPoolOptions } from './plugin/run-options.ts';
export type { ProvidedRunPorts } from './plugin/vitest/provided-context.ts';
