export { default } from './plugin/vitest/reporter.ts';
