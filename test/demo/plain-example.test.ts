/** Runs on the built package, as it imports `portslice` by name. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('the example without a test runner serves its page and ends', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['examples/plain/script.ts']);
  expect(stdout).toMatch(/^http:\/\/localhost:\d+\/ says: Hello from a plain script\n$/);
  expect(stderr).toBe('');
});
