export { ownVitestPort as reportVitest } from '../vitest/good.ts';
