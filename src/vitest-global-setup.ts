export { default } from './plugin/vitest/global-setup.ts';
