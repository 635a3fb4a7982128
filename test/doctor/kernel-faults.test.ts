/** The self-test, on this system's kernel and on ones that do not do what they should: each fault is told, and no other. */
import { describe, expect, test } from 'vitest';
import { IPV4_WILDCARD } from '../../src/platform/internet-address.ts';
import type { PortKernel } from '../../src/platform/port-kernel.ts';
import { hasHolds } from '../support/kernel-traits.ts';
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

const takeHoldForNothing: PortKernel['takeHold'] = (port, target) => {
  const held = kernel.takeHold(port, target);
  kernel.closeDescriptors(held?.descriptors ?? []);
  return held && { ...held, kind: 'checked', descriptors: [] };
};

const takeSealAsHold: PortKernel['takeHold'] = (port) => {
  const descriptors = kernel.takeSeal(port, 'everywhere');
  return descriptors && { kind: 'held', descriptors, addresses: 'everywhere' };
};

/** Others attach to what nobody else has. */
const createOwnMemory: PortKernel['createMemory'] = (byteLength) => ({
  ...kernel.createMemory(byteLength),
  buffer: new ArrayBuffer(byteLength),
});

describe('the self-test of a kernel', { timeout: 2 * TIMEOUT_MS }, () => {
  const ports = ownPorts();

  test('finds that this system keeps its promises, or tells what it does not keep', async () => {
    const { results, notMade } = await runOn({});
    expect(namesOf(results)).toEqual(NAMES);
    expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    const told = results.find(({ name }) => name === 'hold');
    expect(told?.outcome).toBe(hasHolds ? 'ok' : 'weaker');
    expect(notMade).toEqual([]);
  });

  test('leaves every port to others', async () => {
    await runOn({});
    for (const port of ports()) {
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

  test.runIf(hasHolds)('fails where a claimed port is held by nothing', async () => {
    const run = await runOn({ takeHold: takeHoldForNothing });
    expect(expectFailures(run, ['hold'])).toMatchObject({ seen: 'nothing holds it' });
  });

  test.runIf(hasHolds)('tells that there is no hold on a system that promises none', async () => {
    const run = await runOn({ takeHold: takeHoldForNothing }, { hasHolds: () => false });
    expect(failuresIn(run)).toEqual([]);
    expect(resultOf(run, 'hold')).toMatchObject({
      outcome: 'weaker',
      weakness: expect.stringContaining('has no hold') as string,
    });
  });

  test('fails where a claimed port refuses servers', async () => {
    const failure = expectFailures(await runOn({ takeHold: takeSealAsHold }), [
      'server',
      'probe',
      'listener',
    ]);
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

  test.runIf(hasHolds)('fails where the probe with the hold is blind', async () => {
    const run = await runOn({ somethingListensBeside: () => false });
    expect(expectFailures(run, ['probe'])).toMatchObject({ seen: 'the probe with the hold found nobody' });
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
    const failure = expectFailures(await runOn({ createMemory: createOwnMemory }), ['segment']);
    expect(failure).toMatchObject({ seen: 'they do not see each other' });
  });
});
