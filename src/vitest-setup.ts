export { wrapsTests } from './plugin/vitest/setup.ts';
