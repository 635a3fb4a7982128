/** The self-test, on this system's kernel and on ones that do not do what they should: each fault is told, and no other. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CheckResult } from '../../src/doctor/check.ts';
import { runChecks } from '../../src/doctor/run-checks.ts';
import { EphemeralRangeError, UnsupportedPlatformError } from '../../src/index.ts';
import { IPV4_WILDCARD } from '../../src/platform/internet-address.ts';
import { platform } from '../../src/platform/platform.ts';
import type { Platform, PortKernel } from '../../src/platform/port-kernel.ts';
import { hasHolds } from '../support/kernel-traits.ts';
import { type PortBlock, reservePorts } from '../support/port-block.ts';

/** For what hangs; the machine of the tests is a busy one. */
const TIMEOUT_MS = 60_000;
const NAMES = [
  'addresses',
  'ephemeral-range',
  'kernel',
  'lock-process',
  'lock-thread',
  'hold',
  'server',
  'probe',
  'listener',
  'seal',
  'killed-process',
  'terminated-thread',
  'segment',
];
const kernel = platform.openKernel();

interface SelfTestRun {
  readonly results: readonly CheckResult[];
  readonly notMade: readonly string[];
}

let block: PortBlock;
beforeEach(async () => {
  block = await reservePorts(40);
  vi.stubEnv('PORTSLICE_PORTS', block.spec);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await block[Symbol.asyncDispose]();
});

async function runOn(
  faults: Partial<PortKernel>,
  others: Partial<Platform> = {},
  timeoutMs: number = TIMEOUT_MS,
): Promise<SelfTestRun> {
  const system = { ...platform, openKernel: () => ({ ...kernel, ...faults }), ...others };
  const results: CheckResult[] = [];
  const left = await runChecks({ system, timeoutMs, onResult: (result) => results.push(result) });
  return { results, notMade: left.map(({ name }) => name) };
}

const failuresIn = ({ results }: SelfTestRun): readonly CheckResult[] =>
  results.filter(({ outcome }) => outcome === 'failed');
const namesOf = (results: readonly CheckResult[]): string[] => results.map(({ name }) => name);

/** @returns the first of them */
function expectFailures(run: SelfTestRun, names: readonly string[]): CheckResult {
  const failures = failuresIn(run);
  expect(namesOf(failures)).toEqual(names);
  expect(namesOf(run.results)).toEqual(NAMES);
  return failures[0] as CheckResult;
}

describe('the self-test', { timeout: 2 * TIMEOUT_MS }, () => {
  test('finds that this system keeps its promises, or tells what it does not keep', async () => {
    const { results, notMade } = await runOn({});
    expect(results.map(({ name, outcome }) => [name, outcome])).toEqual(
      NAMES.map((name) => [
        name,
        name === 'hold' && !hasHolds ? 'weaker' : expect.stringMatching(/^(?:ok|weaker)$/),
      ]),
    );
    expect(notMade).toEqual([]);
  });

  test('leaves every port to others', async () => {
    await runOn({});
    for (const port of block.ports) {
      const lock = kernel.takeLock(port);
      expect(lock).toBeDefined();
      kernel.closeDescriptors([lock as number]);
      expect(kernel.somethingListens(port, 'everywhere')).toBe(false);
    }
  });

  test('fails where a lock is not exclusive', async () => {
    // That of another port keeps nobody from this one.
    const run = await runOn({ takeLock: (port) => kernel.takeLock(port ^ 0x4000) });
    const failure = expectFailures(run, ['lock-process', 'lock-thread']);
    expect(failure).toMatchObject({
      seen: 'it was locked twice',
      advice: expect.stringContaining('parallel') as string,
    });
  });

  test.runIf(hasHolds)('fails where a hold lets strangers in', async () => {
    const run = await runOn({
      takeHold: (port, target) => kernel.takeHold(port ^ 0x4000, target),
      somethingListensBeside: () => true,
    });
    expect(expectFailures(run, ['hold'])).toMatchObject({ seen: 'it was let in' });
  });

  test('tells that there is no hold', async () => {
    const takeHold: PortKernel['takeHold'] = (port, target) => {
      const held = kernel.takeHold(port, target);
      kernel.closeDescriptors(held?.descriptors ?? []);
      return held && { ...held, descriptors: [] };
    };
    const run = await runOn({ takeHold });
    expect(failuresIn(run)).toEqual([]);
    expect(resultOf(run, 'hold')).toMatchObject({
      outcome: 'weaker',
      weakness: expect.stringContaining('has no hold') as string,
    });
  });

  test('tells what the kernel itself finds wrong with holds and locks', async () => {
    const run = await runOn({ findHoldProblem: () => 'it leaks', findLockProblem: () => 'it refuses' });
    expect(failuresIn(run)).toEqual([]);
    if (hasHolds) expect(resultOf(run, 'hold')).toMatchObject({ outcome: 'weaker', weakness: 'it leaks' });
    expect(resultOf(run, 'server')).toMatchObject({ outcome: 'weaker', weakness: 'it refuses' });
  });

  test('fails where a claimed port refuses servers', async () => {
    const takeHold: PortKernel['takeHold'] = (port) => {
      const descriptors = kernel.takeSeal(port, 'everywhere');
      return descriptors && { descriptors, addresses: 'everywhere' };
    };
    const failure = expectFailures(await runOn({ takeHold }), ['server', 'probe', 'listener']);
    expect(failure).toMatchObject({
      expected: expect.stringMatching(/^that a server listens on 0\.0\.0\.0 and port \d+$/) as string,
      seen: expect.stringMatching(/^EA(?:DDRINUSE|CCES)$/) as string,
    });
  });

  test('fails where the probe is blind for one address', async () => {
    const run = await runOn({ somethingListens: (port) => kernel.somethingListens(port, [IPV4_WILDCARD]) });
    expect(expectFailures(run, ['probe'])).toMatchObject({
      expected: expect.stringMatching(/^that the server on ::1? is seen$/) as string,
      seen: 'the probe found nobody',
    });
  });

  test('fails where the probe sees ghosts', async () => {
    const run = await runOn({ somethingListens: () => true });
    expect(expectFailures(run, ['probe'])).toMatchObject({ seen: 'the probe found one' });
  });

  test.runIf(hasHolds)('fails where the probe with the hold is blind', async () => {
    const run = await runOn({ somethingListensBeside: () => false });
    expect(expectFailures(run, ['probe'])).toMatchObject({ seen: 'the probe with the hold found nobody' });
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

  test('fails where a seal leaves one address out', async () => {
    const run = await runOn({ takeSeal: (port) => kernel.takeSeal(port, [IPV4_WILDCARD]) });
    expect(expectFailures(run, ['seal'])).toMatchObject({
      expected: expect.stringMatching(/^that a server on ::1? is refused$/) as string,
      seen: 'it listens',
    });
  });

  test('fails where the ports of the dead stay locked', async () => {
    const lost = new Set<number>();
    const takeLock: PortKernel['takeLock'] = (port) => {
      const lock = lost.has(port) ? undefined : kernel.takeLock(port);
      if (lock === undefined) lost.add(port);
      return lock;
    };
    const failure = expectFailures(await runOn({ takeLock }), ['killed-process', 'terminated-thread']);
    expect(failure).toMatchObject({ seen: 'it is still taken' });
  });

  test('fails where two processes do not see the same memory', async () => {
    const createMemory: PortKernel['createMemory'] = (byteLength) => {
      const { locator, announce, close } = kernel.createMemory(byteLength);
      return { buffer: new ArrayBuffer(byteLength), locator, announce, close };
    };
    const failure = expectFailures(await runOn({ createMemory }), ['segment']);
    expect(failure).toMatchObject({ seen: 'they do not see each other' });
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
    const readEphemeralRange = (): never => {
      throw new EphemeralRangeError({ source: 'the moon', problem: 'it is dark' });
    };
    const run = await runOn({}, { readEphemeralRange });
    expect(failuresIn(run)).toEqual([]);
    expect(resultOf(run, 'ephemeral-range')).toMatchObject({
      outcome: 'weaker',
      weakness: expect.stringContaining('the moon: it is dark') as string,
    });
  });

  test('goes on after an error in one check, and says which', async () => {
    const createMemory = (): never => {
      throw new TypeError('boom');
    };
    const takeSeal = (): never => {
      throw new UnsupportedPlatformError({ platform: 'the moon', capability: 'A seal' });
    };
    const run = await runOn({ createMemory, takeSeal });
    expect(expectFailures(run, ['seal', 'segment'])).toMatchObject({
      seen: expect.stringContaining("'the moon'") as string,
      advice: 'docs/errors.md says more about PORTSLICE_UNSUPPORTED_PLATFORM.',
    });
    expect(resultOf(run, 'segment')).toMatchObject({ expected: 'no error', seen: 'TypeError: boom' });
  });

  test('tries what needs no ports on a system that has none to give', async () => {
    const openKernel = (): never => {
      throw new UnsupportedPlatformError({ platform: 'the moon', capability: 'The allocation of ports' });
    };
    const run = await runOn({}, { openKernel });
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

function resultOf({ results }: SelfTestRun, wanted: string): CheckResult | undefined {
  return results.find(({ name }) => name === wanted);
}
