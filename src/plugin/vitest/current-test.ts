/** The test that was started last, told by Vitest's runner, which keeps it under a different name in each version. */
import * as vitest from 'vitest';
import type { Task } from './current-scope.ts';

type GetCurrentTest = () => Task | undefined;
let getCurrentTest: GetCurrentTest | undefined;

/** Undefined: no test runs. */
export async function currentTest(): Promise<Task | undefined> {
  const { TestRunner } = vitest as Partial<typeof vitest>;
  getCurrentTest ??= TestRunner?.getCurrentTest as GetCurrentTest | undefined;
  // Before Vitest 4.1. Version 5 does not have it, so no bundler may know the name before.
  const olderHome = ['vitest', 'suite'].join('/');
  getCurrentTest ??= ((await import(olderHome)) as { getCurrentTest: GetCurrentTest }).getCurrentTest;
  return getCurrentTest();
}
