/** What the fixtures of both runners do: how long they wait, and what they say about a failed test. */
import { describe, expect, test } from 'vitest';
import {
  InvalidOptionError,
  PortLeakError,
  PortPoolExhaustedError,
  TCPPortOwner,
  TestEndedError,
  waitForListening,
  WaitTimeoutError,
} from '../../src/index.ts';
import { type DispenserFacts, longestWaitMs, PortDispenser } from '../../src/plugin/port-dispenser.ts';
import { errorOf } from '../support/catch-error.ts';
import { leaveTimeWait, listen, startServer } from '../support/listening-server.ts';
import { openTestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';
import { collectWarnings } from '../support/warnings.ts';

function openDispenser(facts: Partial<DispenserFacts> = {}): PortDispenser {
  return new PortDispenser({
    fixture: 'ports',
    label: 'shop > pays',
    defaults: {},
    testTimeoutMs: 0,
    scope: 'test',
    onAcquire: () => undefined,
    ...facts,
  });
}

/** Longer than a test of ours may take. */
const TOO_LONG_MS = 600_000;

describe('a fixture waits for a port', () => {
  test('for a part of the test’s time only, whatever it is asked', async () => {
    await using _pool = await openTestPool(1);
    using _owner = new TCPPortOwner();
    for (const [defaults, options] of [
      [{}, { acquireTimeoutMs: TOO_LONG_MS }],
      [{ acquireTimeoutMs: TOO_LONG_MS }, {}],
    ]) {
      const dispenser = openDispenser({ testTimeoutMs: 50, ...(defaults && { defaults }) });
      const error = await errorOf(PortPoolExhaustedError, () => dispenser.acquire(options));
      expect(error.facts.wantedPortCount).toBe(1);
    }
  });

  test('for as long as it is asked if that is shorter, and an undefined option asks for nothing', async () => {
    await using _pool = await openTestPool(1);
    using _owner = new TCPPortOwner();
    const defaults = { acquireTimeoutMs: 10, hosts: ['127.0.0.1'] };
    const dispenser = openDispenser({ testTimeoutMs: TOO_LONG_MS, defaults });
    const undefinedOptions = { acquireTimeoutMs: undefined, hosts: undefined, signal: undefined };
    await errorOf(PortPoolExhaustedError, () => dispenser.acquire(undefinedOptions));
    _owner.cleanup();
    expect((await dispenser.acquire(undefinedOptions)).hosts).toEqual(['127.0.0.1']);
    await dispenser.releaseAll(false);
  });

  test('for what is left of the test’s time; a fixture of several tests waits for each anew', () => {
    expect(longestWaitMs({ testTimeoutMs: 1000, scope: 'test' }, 300)).toBe(500);
    expect(longestWaitMs({ testTimeoutMs: 1000, scope: 'test' }, 900)).toBe(0);
    expect(longestWaitMs({ testTimeoutMs: 1000, scope: 'worker' }, 900)).toBe(800);
    expect(longestWaitMs({ testTimeoutMs: 0, scope: 'test' }, 900)).toBe(Infinity);
  });

  test('and so does a wait for the server on its port', async () => {
    await using _pool = await openTestPool(1);
    const dispenser = openDispenser({ testTimeoutMs: 100 });
    const port = await dispenser.acquire();
    const error = await errorOf(WaitTimeoutError, () => waitForListening(port));
    expect(error.timeoutMs).toBeLessThanOrEqual(80);
    await dispenser.releaseAll(false);
  });

  test('no longer than the test, after which it gets none at all', async () => {
    await using opened = await openTestPool(1);
    const owner = new TCPPortOwner();
    const dispenser = openDispenser();
    const waiting = errorOf(TestEndedError, () => dispenser.acquire());
    await until('it waits', () => opened.pool.stats().waits === 1);
    await dispenser.releaseAll(true);
    expect((await waiting).message).toContain('shop > pays');
    owner.cleanup();
    await errorOf(TestEndedError, () => dispenser.acquire());
    await errorOf(TestEndedError, () =>
      dispenser.getNextAvailableTCPPort({ signal: AbortSignal.timeout(5) }),
    );
    expect(opened.pool.stats().currentlyAllocatedPorts).toBe(0);
  });
});

test('a fixture gives ports that belong together', async () => {
  await using opened = await openTestPool(4);
  const dispenser = openDispenser({ defaults: { hosts: ['127.0.0.1'] } });
  const distance = (opened.ports[1] as number) - (opened.ports[0] as number);
  const [one, other] = await dispenser.acquireMany(2, { offsets: [0, distance] });
  expect(other.port - one.port).toBe(distance);
  expect(other.hosts).toEqual(['127.0.0.1']);
  await dispenser.releaseAll(false);
  expect(opened.pool.stats().currentlyAllocatedPorts).toBe(0);
});

function message(port: number): string {
  return `listen EADDRINUSE: address already in use :::${port}`;
}

describe('a test that failed with EADDRINUSE on its own port', () => {
  test('is told who listens on it, and nothing of holds', async () => {
    await using _pool = await openTestPool(2);
    using warnings = collectWarnings();
    const dispenser = openDispenser();
    const [port, other] = await dispenser.acquireMany(2);
    await using server = await startServer(port.port);
    dispenser.explainFailure(['expected 1 to be 2', message(port.port)]);
    const [warning, ...rest] = await warnings.withCode('PORTSLICE_ADDRESS_IN_USE');
    expect(warning).toMatch(
      new RegExp(
        `'shop > pays' failed with EADDRINUSE on its own port ${port.port}: pid ${server.pid} .*listens on it\\. Stop that process, or exclude the port with PORTSLICE_EXCLUDED_PORTS\\. More: npx portslice who ${port.port}$`,
      ),
    );
    expect(warning).not.toContain('hold: false');
    expect(rest).toEqual([]);
    await server.stop();
    await dispenser.releaseAll(true);
    dispenser.explainFailure([message(other.port)]);
    expect(await warnings.withCode('PORTSLICE_ADDRESS_IN_USE')).toHaveLength(1);
  });

  test.each([
    [
      {},
      /nobody listens on it\. A server that sets neither .* needs the option hold: false\. More: npx portslice who \d+$/,
    ],
    [
      { hold: false },
      /nobody listens on it any more\. Wait for the end of a server before .*\. More: npx portslice who \d+$/,
    ],
  ])('and on which nobody listens is told what a hold with %o means', async (options, expected) => {
    await using _pool = await openTestPool(1);
    using warnings = collectWarnings();
    const dispenser = openDispenser();
    const owner = await dispenser.acquire(options);
    dispenser.explainFailure([message(owner.port)]);
    expect(await warnings.withCode('PORTSLICE_ADDRESS_IN_USE')).toEqual([expect.stringMatching(expected)]);
    await dispenser.releaseAll(true);
  });
});

describe('a test that failed with EADDRINUSE on a port that it has used itself', () => {
  test('is told of its own server that still listens', async () => {
    await using _pool = await openTestPool(1);
    using warnings = collectWarnings();
    const dispenser = openDispenser();
    const owner = await dispenser.acquire();
    await using server = await listen({ port: owner.port });
    dispenser.explainFailure([message(owner.port)]);
    expect(await warnings.withCode('PORTSLICE_ADDRESS_IN_USE')).toEqual([
      expect.stringMatching(
        /this test process itself \(pid \d+\) listens on it\. Close that server, and wait for its close, before another one listens\. More: /,
      ),
    ]);
    await server.close();
    await dispenser.releaseAll(true);
  });

  test('is told of the connections that its server has left', async () => {
    await using _pool = await openTestPool(1);
    using warnings = collectWarnings();
    const dispenser = openDispenser();
    const owner = await dispenser.acquire({ hold: false });
    await leaveTimeWait(owner.port);
    dispenser.explainFailure([message(owner.port)]);
    expect(await warnings.withCode('PORTSLICE_ADDRESS_IN_USE')).toEqual([
      expect.stringContaining(
        'but an earlier server has left connections, for up to 60 s. Set SO_REUSEADDR in the server.',
      ),
    ]);
    await dispenser.releaseAll(true);
  });
});

describe('a server that is left behind', () => {
  test('fails the test where it is to, with each port, process and test, when all ports are taken back', async () => {
    await using opened = await openTestPool(3);
    using warnings = collectWarnings();
    const dispenser = openDispenser({ defaults: { onLeak: 'fail' } });
    const [first, second, third] = await dispenser.acquireMany(3);
    await using one = await startServer(first.port);
    await using other = await startServer(third.port);
    const error = await errorOf(PortLeakError, () => dispenser.releaseAll(false));
    expect(error.message.split('\n')).toEqual([
      expect.stringMatching(
        new RegExp(
          `^Port ${first.port} was released by 'shop > pays', but pid ${one.pid} \\(.*listening-server`,
        ),
      ),
      expect.stringContaining(`Port ${third.port} was released by 'shop > pays', but pid ${other.pid} (`),
    ]);
    expect(error.leaks).toMatchObject([
      { port: first.port, label: 'shop > pays', listeners: [{ processId: one.pid }] },
      { port: third.port, label: 'shop > pays', listeners: [{ processId: other.pid }] },
    ]);
    expect(dispenser.uses.map(({ state }) => state)).toEqual(['leaked', 'free', 'leaked']);
    expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 0, leaks: 2 });
    expect(await warnings.withCode('PORTSLICE_LEAK')).toEqual([]);
    using next = new TCPPortOwner();
    expect(next.port).toBe(second.port);
    await dispenser.releaseAll(false);
  });

  test('fails the test also if the test has released the port itself', async () => {
    await using _opened = await openTestPool(1);
    const dispenser = openDispenser({ defaults: { onLeak: 'fail' } });
    const owner = await dispenser.acquire();
    await using _server = await startServer(owner.port);
    owner.cleanup();
    const error = await errorOf(PortLeakError, () => dispenser.releaseAll(false));
    expect(error.leaks).toMatchObject([{ port: owner.port }]);
  });

  test.each<['releaseAll' | 'releaseAtOnce']>([['releaseAll'], ['releaseAtOnce']])(
    'is warned of where nothing can fail any more (%s)',
    async (method) => {
      await using _opened = await openTestPool(1);
      using warnings = collectWarnings();
      const dispenser = openDispenser({ defaults: { onLeak: 'fail' } });
      await using _server = await startServer((await dispenser.acquire()).port);
      await dispenser[method](false, false);
      expect(await warnings.withCode('PORTSLICE_LEAK')).toHaveLength(1);
    },
  );

  test('is not mentioned where it is to be ignored, and keeps its port all the same', async () => {
    await using opened = await openTestPool(1);
    using warnings = collectWarnings();
    const dispenser = openDispenser({ defaults: { onLeak: 'ignore' } });
    await using _server = await startServer((await dispenser.acquire()).port);
    await dispenser.releaseAll(false);
    expect(await warnings.withCode('PORTSLICE_LEAK')).toEqual([]);
    expect(opened.pool.snapshot()).toMatchObject([{ state: 'sealed' }]);
    expect(opened.pool.stats().leaks).toBe(1);
  });

  test('is treated as the run says, unless the fixture says otherwise', async () => {
    await using _opened = await openTestPool(2);
    using warnings = collectWarnings();
    process.env['PORTSLICE_ON_LEAK'] = 'fail';
    try {
      const strict = openDispenser();
      await using _server = await startServer((await strict.acquire()).port);
      await errorOf(PortLeakError, () => strict.releaseAll(false));
      const mild = openDispenser({ defaults: { onLeak: 'warn' } });
      await using _other = await startServer((await mild.acquire()).port);
      await mild.releaseAll(false);
      expect(await warnings.withCode('PORTSLICE_LEAK')).toHaveLength(1);
    } finally {
      delete process.env['PORTSLICE_ON_LEAK'];
    }
  });

  test('needs an option that there is', async () => {
    await using _opened = await openTestPool(1);
    const wrong = openDispenser({ defaults: { onLeak: 'shout' as never } });
    expect((await errorOf(InvalidOptionError, () => wrong.acquire())).option).toBe('onLeak');
    process.env['PORTSLICE_ON_LEAK'] = 'shout';
    try {
      const error = await errorOf(InvalidOptionError, () => openDispenser().acquire());
      expect(error.message).toBe(`PORTSLICE_ON_LEAK is 'shout'; expected 'warn', 'fail' or 'ignore'.`);
    } finally {
      delete process.env['PORTSLICE_ON_LEAK'];
    }
  });
});
