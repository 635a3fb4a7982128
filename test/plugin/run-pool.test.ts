/** The pool of a run: what its options may be, and when there is one already. */
import { describe, expect, test } from 'vitest';
import { InvalidOptionError } from '../../src/index.ts';
import { withPorts } from '../../src/plugin/playwright/with-ports.ts';
import { runOptionsAreOver, type RunPoolOptions } from '../../src/plugin/run-options.ts';
import { startRunPool } from '../../src/plugin/run-pool.ts';
import { createTinypool } from '../../src/plugin/tinypool/create-tinypool.ts';
import portslice from '../../src/plugin/vitest/vite-plugin.ts';
import { errorOf } from '../support/catch-error.ts';
import { reservePorts } from '../support/port-block.ts';
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
    [{ onLeak: 'shout' }, 'onLeak'],
  ])('refuses the options %o', async (options, option) => {
    act(options as RunPoolOptions);
    const error = await errorOf(InvalidOptionError, () => startRunPool(1));
    expect(error.option).toBe(option);
    runOptionsAreOver();
  });

  test('unites excluded ports, and takes each other option from whoever gives it', async () => {
    await using block = await reservePorts(5);
    const [first, second, third] = block.ports as [number, number, number];
    act({ excludedPorts: [first] });
    act({});
    act({ ports: block.spec, excludedPorts: new Set([second]) });
    act({ restMs: 5, ports: block.spec, excludedPorts: [third] });
    const run = startRunPool(1);
    try {
      expect(run.pool?.ports.toSorted()).toEqual(block.ports.slice(3));
    } finally {
      run.stop();
    }
  });

  test.each([
    ['ports', '20000', '20001', /^ports is '20000' in .+, but '20001' in .+ set it in one place/],
    ['restMs', 5, 0, /^restMs is 0 in .+, but 5 in .+ set it in one place/],
    ['onLeak', 'warn', 'fail', /^onLeak is 'fail' in .+, but 'warn' in .+ set it in one place/],
    [
      'report',
      { folder: 'one' },
      true,
      /^report is 'one' in .+, but 'ports-report' in .+ set it in one place/,
    ],
  ])('refuses two values of %s, in whatever order they come', async (option, one, other, message) => {
    for (const values of [
      [one, other],
      [other, one, other],
    ]) {
      for (const value of values) act({ [option]: value });
      const error = await errorOf(InvalidOptionError, () => startRunPool(1));
      expect(error.option).toBe(option);
      expect(error.message).toMatch(message);
      runOptionsAreOver();
    }
  });
});

test('What is done about leaks is told to the workers for as long as the run lasts', async () => {
  await using block = await reservePorts(1);
  process.env['PORTSLICE_ON_LEAK'] = 'warn';
  try {
    configure({ ports: block.spec, onLeak: 'fail' });
    configure({ ports: block.spec });
    const runs = [startRunPool(1), startRunPool(1)];
    expect(process.env['PORTSLICE_ON_LEAK']).toBe('fail');
    runs[0]?.stop();
    expect(process.env['PORTSLICE_ON_LEAK']).toBe('fail');
    runs[1]?.stop();
    expect(process.env['PORTSLICE_ON_LEAK']).toBe('warn');
  } finally {
    delete process.env['PORTSLICE_ON_LEAK'];
  }
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
