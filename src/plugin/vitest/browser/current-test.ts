/** Stands in for ../current-test.ts in browsers, where a Vitest without `TestRunner` is too old. */
import * as vitest from 'vitest';
import type * as InNode from '../current-test.ts';

export const currentTest: typeof InNode.currentTest = async () => {
  const { TestRunner } = vitest as Partial<typeof vitest>;
  return TestRunner?.getCurrentTest();
};
