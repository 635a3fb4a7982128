/**
 * What is called of the kernel, called by a program for arm64: its numbers, structures and calls are those of arm64, the kernel is this
 * machine's, and QEMU translates between them. docs/versions.md says what that leaves open.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { resultsOf, type SuiteReport } from '../support/suite-report.ts';
import { emulationOrNothing, runOnArm64 } from './arm64.ts';

/** A bound for what hangs, not a measure: on a quiet machine with two processors all of it takes a minute. */
const TIMEOUT_MS = 1_200_000;
const SUITES = [
  { file: 'test/platform/linux/lock.test.ts', tests: 10 },
  { file: 'test/platform/linux/memory.test.ts', tests: 36 },
  { file: 'test/platform/linux/hold.test.ts', tests: 190 },
  { file: 'test/platform/linux/probes.test.ts', tests: 60 },
  { file: 'test/platform/linux/seal.test.ts', tests: 83 },
  { file: 'test/arm64/inside/claims.inside.ts', tests: 3 },
] as const;
const WITHOUT = [
  // The namespace that QEMU is registered in has one user.
  'other users?\\b',
  'another user',
  // Each starts several processes, which takes seconds, and shows nothing that depends on the processor.
  'namespace',
  'sandbox',
  'a process that has ended is a stale pool',
  'ends with its process',
  'is not taken beside another one',
  'leaves no descriptor where the port is in use',
  'The kernel never chooses a held port',
  'Where IPv6 is disabled by sysctl',
].join('|');

const wrapper = emulationOrNothing();

describe.skipIf(wrapper === undefined)('on arm64, translated by QEMU', { timeout: TIMEOUT_MS }, () => {
  let report: SuiteReport;
  beforeAll(async () => {
    const include = SUITES.map(({ file }) => file);
    report = await runOnArm64(wrapper as readonly string[], {
      include,
      without: WITHOUT,
      timeoutMs: 300_000,
    });
  }, TIMEOUT_MS);

  test.each(SUITES)('$file passes, $tests tests of it or more', ({ file, tests }) => {
    const { passed, failed } = resultsOf(report, file);
    expect(failed).toEqual([]);
    expect(passed.length).toBeGreaterThanOrEqual(tests);
  });
});
