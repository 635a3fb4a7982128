/** The pool of a run: what its options may be, and when there is one already. */
import { describe, expect, test } from 'vitest';
import { InvalidOptionError } from '../../src/index.ts';
import { withPorts } from '../../src/plugin/playwright/with-ports.ts';
import type { RunPoolOptions } from '../../src/plugin/run-options.ts';
import { startRunPool } from '../../src/plugin/run-pool.ts';
import { createTinypool } from '../../src/plugin/tinypool/create-tinypool.ts';
import portslice from '../../src/plugin/vitest/vite-plugin.ts';
import { errorOf } from '../support/catch-error.ts';
import { openTestPool } from '../support/test-pool.ts';

/** As Vite calls the plugin. */
function configure(options: RunPoolOptions): void {
  const { config } = portslice(options);
  (config as unknown as (userConfig: object) => void)({});
}

describe.each([
  ['withPorts()', (options: RunPoolOptions) => withPorts({}, options)],
  ['the Vite plugin', configure],
])('The global setup after %s', (_what, act) => {
  test.each([
    [{ workers: 2 }, 'workers'],
    [{ port: '2000' }, 'port'],
    [null, 'options'],
  ])('refuses the options %o', async (options, option) => {
    act(options as RunPoolOptions);
    const error = await errorOf(InvalidOptionError, () => startRunPool(1));
    expect(error.option).toBe(option);
    act({ ports: '20000' });
  });
});

test('createTinypool() inside of a run uses the pool of the run, and publishes none', async () => {
  await using opened = await openTestPool(4);
  const filename = 'data:text/javascript,export default () => process.env.PORTSLICE_POOL';
  const tinypool = createTinypool({ filename, minThreads: 1, maxThreads: 1 });
  try {
    expect(await tinypool.run(undefined)).toBe(opened.pool.handle);
    expect(process.env['PORTSLICE_POOL']).toBe(opened.pool.handle);
  } finally {
    await tinypool.destroy();
  }
});
