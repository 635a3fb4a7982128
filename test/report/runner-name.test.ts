/** The runner of a pool, by command lines as they are on machines. */
import { expect, test } from 'vitest';
import { type RunnerName, runnerOf } from '../../src/report/status/runner-name.ts';

test.for<readonly [command: string | undefined, runner: RunnerName]>([
  ['node /home/me/shop/node_modules/.bin/playwright test --project=chromium', 'playwright'],
  ['node /home/me/shop/node_modules/@playwright/test/cli.js test-server', 'playwright'],
  [
    '"C:\\Program Files\\nodejs\\node.exe" "C:\\shop\\node_modules\\@playwright\\test\\cli.js" test',
    'playwright',
  ],
  ['node /home/me/shop/node_modules/.bin/playwright install chromium', 'script'],
  ['node /home/me/playwright/test.js', 'script'],
  ['node (vitest)', 'vitest'],
  ['/usr/local/bin/node (vitest)', 'vitest'],
  ['node /home/me/blog/node_modules/.bin/vitest run src', 'vitest'],
  ['node /home/me/blog/node_modules/vitest/vitest.mjs', 'vitest'],
  ['node C:\\blog\\node_modules\\vitest\\vitest.mjs --watch', 'vitest'],
  ['node /home/me/vitest/server.js', 'script'],
  ['node /home/me/my-vitest run', 'script'],
  ['node /home/me/blog/node_modules/vitest/dist/workers/forks.js', 'vitest'],
  ['node (vitest 3)', 'vitest'],
  ['node /home/me/shop/node_modules/playwright/lib/common/process.js', 'playwright'],
  ['node /home/me/api/node_modules/.bin/portslice run -- vite', 'portslice run'],
  ['node /home/me/api/node_modules/portslice/dist/cli.js run --port API -- npm start', 'portslice run'],
  ['node /home/me/api/node_modules/.bin/portslice doctor', 'script'],
  ['node seed.js', 'script'],
  ['', 'script'],
  [undefined, 'script'],
])('%j is of %s', ([command, runner]) => {
  expect(runnerOf(command, [])).toBe(runner);
});

test('Tinypool is told by its workers that are processes', () => {
  const worker = 'node /home/me/pool/node_modules/tinypool/dist/entry/process.js';
  expect(runnerOf('node pool.js', [undefined, 'node other.js', worker])).toBe('tinypool');
  expect(runnerOf('node pool.js', [undefined, 'node other.js'])).toBe('script');
});

test('A command line that is made to take long takes no time', () => {
  for (const part of ['playwright ', 'vitest', ' test', '/', 'node (vitest'])
    expect(runnerOf(part.repeat(50_000), [])).toBeDefined();
});
