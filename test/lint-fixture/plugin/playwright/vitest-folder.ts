export { ownVitestPort } from '../vitest/good.ts';
