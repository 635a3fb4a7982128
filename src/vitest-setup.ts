export * from './plugin/vitest/setup.ts';
