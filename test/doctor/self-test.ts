/** The self-test on the machine of the tests, with whatever is changed of it. */
import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { CheckResult } from '../../src/doctor/check.ts';
import { runChecks } from '../../src/doctor/run-checks.ts';
import { platform } from '../../src/platform/platform.ts';
import type { Platform, PortKernel } from '../../src/platform/port-kernel.ts';
import { type PortBlock, reservePorts } from '../support/port-block.ts';

/** For what hangs; the machine of the tests is a busy one. */
export const TIMEOUT_MS = 60_000;
export const NAMES: readonly string[] = [
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
export const kernel: PortKernel = platform.openKernel();

export interface SelfTestRun {
  readonly results: readonly CheckResult[];
  readonly notMade: readonly string[];
}

/** Each test has ports of its own. @returns them */
export function ownPorts(): () => readonly number[] {
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
  return () => block.ports;
}

export async function runOn(
  faults: Partial<PortKernel>,
  others: Partial<Platform> = {},
  timeoutMs: number = TIMEOUT_MS,
): Promise<SelfTestRun> {
  const system = { ...platform, openKernel: () => ({ ...kernel, ...faults }), ...others };
  const results: CheckResult[] = [];
  const left = await runChecks({ system, timeoutMs, onResult: (result) => results.push(result) });
  return { results, notMade: left.map(({ name }) => name) };
}

export const failuresIn = ({ results }: SelfTestRun): readonly CheckResult[] =>
  results.filter(({ outcome }) => outcome === 'failed');
export const namesOf = (results: readonly CheckResult[]): string[] => results.map(({ name }) => name);

/** Of these checks, and of no other. @returns the first of them */
export function expectFailures(run: SelfTestRun, names: readonly string[]): CheckResult {
  const failures = failuresIn(run);
  expect(namesOf(failures)).toEqual(names);
  expect(namesOf(run.results)).toEqual(NAMES);
  return failures[0] as CheckResult;
}

export function resultOf({ results }: SelfTestRun, wanted: string): CheckResult | undefined {
  return results.find(({ name }) => name === wanted);
}
