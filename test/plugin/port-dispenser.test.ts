/** What the fixtures of both runners do: how long they wait, and what they say about a failed test. */
import { describe, expect, test } from 'vitest';
import {
  PortPoolExhaustedError,
  TCPPortOwner,
  TestEndedError,
  waitForListening,
  WaitTimeoutError,
} from '../../src/index.ts';
import { type DispenserFacts, longestWaitMs, PortDispenser } from '../../src/plugin/port-dispenser.ts';
import { errorOf } from '../support/catch-error.ts';
import { startServer } from '../support/listening-server.ts';
import { openTestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';
import { collectWarnings } from '../support/warnings.ts';

function openDispenser(facts: Partial<DispenserFacts> = {}): PortDispenser {
  return new PortDispenser({
    fixture: 'ports',
    label: 'shop > pays',
    defaults: {},
    testTimeoutMs: 0,
    servesOneTest: true,
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
    expect(longestWaitMs({ testTimeoutMs: 1000, servesOneTest: true }, 300)).toBe(500);
    expect(longestWaitMs({ testTimeoutMs: 1000, servesOneTest: true }, 900)).toBe(0);
    expect(longestWaitMs({ testTimeoutMs: 1000, servesOneTest: false }, 900)).toBe(800);
    expect(longestWaitMs({ testTimeoutMs: 0, servesOneTest: true }, 900)).toBe(Infinity);
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
        `'shop > pays' failed with EADDRINUSE on its own port ${port.port}: pid ${server.pid} .*listens on it\\.$`,
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
    [{}, /nobody listens on it\. A server that sets neither .* needs the option hold: false\.$/],
    [{ hold: false }, /nobody listens on it any more\.$/],
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
