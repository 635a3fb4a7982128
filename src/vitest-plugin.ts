export { default } from './plugin/vitest/vite-plugin.ts';
export type { RunPoolOptions } from './plugin/run-options.ts';
