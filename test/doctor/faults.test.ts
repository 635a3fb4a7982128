/** What else the self-test tells: of lookups, of the system around the kernel, of its own faults. */
import { describe, expect, test, vi } from 'vitest';
import { EphemeralRangeError, UnsupportedPlatformError } from '../../src/index.ts';
import { platform } from '../../src/platform/platform.ts';
import {
  expectFailures,
  failuresIn,
  kernel,
  NAMES,
  namesOf,
  ownPorts,
  resultOf,
  runOn,
  TIMEOUT_MS,
} from './self-test.ts';

const throwing = (error: Error) => (): never => {
  throw error;
};

const killListeners: typeof platform.findListeners = (port) => {
  const found = platform.findListeners(port);
  for (const { processId } of found ?? []) process.kill(processId as number, 'SIGKILL');
  return found;
};

describe('the self-test', { timeout: 2 * TIMEOUT_MS }, () => {
  const ports = ownPorts();

  test('tells what the kernel itself finds wrong with holds and locks', async () => {
    const run = await runOn({ findHoldProblem: () => 'it leaks', findLockProblem: () => 'it refuses' });
    expect(failuresIn(run)).toEqual([]);
    expect(resultOf(run, 'hold')).toMatchObject({ outcome: 'weaker', weakness: 'it leaks' });
    expect(resultOf(run, 'server')).toMatchObject({ outcome: 'weaker', weakness: 'it refuses' });
  });

  test('fails where the probe sees ghosts', async () => {
    const run = await runOn({ somethingListens: () => true });
    expect(expectFailures(run, ['probe'])).toMatchObject({ seen: 'the probe found one' });
  });

  test('waits longer for a kernel that clears up late where it is given more time itself', async () => {
    const seenAtMs = new Map<number, number>();
    // A second and a half after a server's end somebody still listens, as far as the probe can tell.
    const somethingListens: typeof kernel.somethingListens = (port, addresses) => {
      if (kernel.somethingListens(port, addresses)) {
        seenAtMs.set(port, performance.now());
        return true;
      }
      return performance.now() - (seenAtMs.get(port) ?? -Infinity) < 1500;
    };
    expect(failuresIn(await runOn({ somethingListens }))).toEqual([]);
  });

  test('fails where another process, or nobody, is named, and tells where the system names none', async () => {
    const stranger = { processId: 1, command: undefined, userId: undefined };
    const other = await runOn({}, { findListeners: () => [stranger] });
    expect(expectFailures(other, ['listener'])).toMatchObject({ seen: 'process 1' });
    const nobody = await runOn({}, { findListeners: () => [] });
    expect(expectFailures(nobody, ['listener'])).toMatchObject({ seen: 'nobody' });
    const silent = await runOn({}, { findListeners: () => undefined });
    expect(failuresIn(silent)).toEqual([]);
    expect(resultOf(silent, 'listener')).toMatchObject({ outcome: 'weaker' });
  });

  test('fails where an increment is lost', async () => {
    const add = Atomics.add.bind(Atomics) as (...all: unknown[]) => unknown;
    let calls = 0;
    const forgetOnce = (words: unknown, index: unknown, value: unknown): unknown =>
      add(words, index, ++calls === 100 ? 0 : value);
    vi.spyOn(Atomics, 'add').mockImplementation(forgetOnce as typeof Atomics.add);
    expect(expectFailures(await runOn({}), ['segment'])).toMatchObject({
      expected: '400000, half of it from each',
      seen: '399999',
    });
  });

  test('needs one port only, and says so where not even that is free', async () => {
    const [port] = ports() as [number];
    vi.stubEnv('PORTSLICE_PORTS', String(port));
    expect(failuresIn(await runOn({}))).toEqual([]);
    const lock = kernel.takeLock(port) as number;
    const run = await runOn({});
    kernel.closeDescriptors([lock]);
    expect(namesOf(failuresIn(run))).toEqual(NAMES.slice(3, -1));
    expect(resultOf(run, 'seal')).toMatchObject({ seen: 'each of 1 is taken' });
  });

  test('fails where the system picks ports outside of the range that it tells', async () => {
    const run = await runOn({}, { readEphemeralRange: () => ({ range: { firstPort: 1, lastPort: 2 } }) });
    expect(expectFailures(run, ['ephemeral-range'])).toMatchObject({
      expected: 'that the system picks ports from its ephemeral range, 1-2',
      seen: expect.stringMatching(/^it has picked port \d+$/) as string,
    });
  });

  test('fails where the ports that the user names make no sense, and tries all the rest', async () => {
    vi.stubEnv('PORTSLICE_PORTS', '20000-');
    const { results } = await runOn({}, {}, TIMEOUT_MS);
    expect(namesOf(results)).toEqual(NAMES);
    expect(results.find(({ name }) => name === 'ephemeral-range')).toMatchObject({
      outcome: 'failed',
      seen: expect.stringContaining('PORTSLICE_PORTS') as string,
      advice: 'docs/errors.md says more about PORTSLICE_PORT_SPEC.',
    });
  });

  test('tells that the range is not known, if ports are named', async () => {
    const error = new EphemeralRangeError({ source: 'the moon', problem: 'it is dark' });
    const run = await runOn({}, { readEphemeralRange: throwing(error) });
    expect(failuresIn(run)).toEqual([]);
    expect(resultOf(run, 'ephemeral-range')).toMatchObject({
      outcome: 'weaker',
      weakness: expect.stringContaining('the moon: it is dark') as string,
    });
  });

  test('goes on after an error in one check, and says which', async () => {
    const createMemory = throwing(new TypeError('boom'));
    const takeSeal = throwing(new UnsupportedPlatformError({ platform: 'the moon', capability: 'A seal' }));
    const run = await runOn({ createMemory, takeSeal });
    expect(expectFailures(run, ['seal', 'segment'])).toMatchObject({
      seen: expect.stringContaining("'the moon'") as string,
      advice: 'docs/errors.md says more about PORTSLICE_UNSUPPORTED_PLATFORM.',
    });
    expect(resultOf(run, 'segment')).toMatchObject({ expected: 'no error', seen: 'TypeError: boom' });
  });

  test('goes on with others where a process that takes part is killed', async () => {
    const failure = expectFailures(await runOn({}, { findListeners: killListeners }), ['listener']);
    expect(failure).toMatchObject({ seen: 'Error: it has ended (SIGKILL)' });
  });

  test('tries what needs no ports on a system that has none to give', async () => {
    const error = new UnsupportedPlatformError({
      platform: 'the moon',
      capability: 'The allocation of ports',
    });
    const run = await runOn({}, { openKernel: throwing(error) });
    expect(run.results.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['addresses', expect.stringMatching(/^(?:ok|weaker)$/)],
      ['ephemeral-range', expect.stringMatching(/^(?:ok|weaker)$/)],
      ['kernel', 'failed'],
    ]);
    expect(run.notMade).toEqual(NAMES.slice(3));
  });

  test('ends each check whose time is up, and says so', async () => {
    const run = await runOn({}, {}, 1);
    expect(namesOf(run.results)).toEqual(NAMES);
    for (const name of ['addresses', 'lock-process', 'lock-thread', 'server', 'segment'])
      expect(resultOf(run, name)).toMatchObject({
        outcome: 'failed',
        expected: 'an answer within 0.001 s',
        advice: expect.stringContaining('--timeout') as string,
      });
  });
});
