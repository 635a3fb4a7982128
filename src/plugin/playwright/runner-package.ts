/**
 * Playwright Test, from whichever package the project has: `@playwright/test`, or `playwright`, which the packages for
 * component tests bring. By require: only one of the two may be there, and none of our modules may wait while it loads. A bundle of
 * CommonJS has `__filename`, and an empty import.meta.
 */
import type * as PlaywrightTest from '@playwright/test';
import type { TestInfo } from '@playwright/test';

const PACKAGES = ['@playwright/test', 'playwright/test'] as const;

function load(): typeof PlaywrightTest {
  const require = process.getBuiltinModule('node:module').createRequire(import.meta.url ?? __filename);
  let cause: unknown;
  for (const name of PACKAGES) {
    try {
      return require(name) as typeof PlaywrightTest;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
      cause ??= error;
    }
  }
  throw new Error(
    'portslice/playwright finds neither @playwright/test nor playwright. Install one of them, in the version of the other ' +
      'packages of Playwright that the project has.',
    { cause },
  );
}

const playwright: typeof PlaywrightTest = load();

export const expect: typeof PlaywrightTest.expect = playwright.expect;
export const baseTest: typeof PlaywrightTest.test = playwright.test;

/** Undefined while no test runs. */
export function currentTestInfo(): TestInfo | undefined {
  try {
    return baseTest.info();
  } catch {
    return undefined;
  }
}
