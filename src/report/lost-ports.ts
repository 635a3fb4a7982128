/** Ports of workers that have ended without telling of them: they were claimed in the name of their test, which the pool remembers. */
import type { PortRecord } from '../pool/session/snapshot.ts';
import { titleOf } from './leaks.ts';
import type { ToldTest } from './told-test.ts';

/** Two processes can round the same moment differently. */
const CLOCK_STEP_MS = 5;

/**
 * Each record is of the last attempt of its test that had begun by then.
 * @param tests that have told of no port
 * @returns those that had some of the ports, with what they would have told
 */
export function findTestsOf(records: readonly PortRecord[], tests: readonly ToldTest[]): ToldTest[] {
  const latestFirst = tests.toSorted((one, other) => other.startedAtMs - one.startedAtMs);
  const left = new Set(records);
  return latestFirst.flatMap((told) => {
    const title = titleOf(told);
    const lost = [...left].filter(
      ({ label, claimedAtMs }) => label === title && claimedAtMs >= told.startedAtMs - CLOCK_STEP_MS,
    );
    for (const record of lost) left.delete(record);
    if (lost.length === 0) return [];
    const startedAtMs = told.startedAtMs || Math.min(...lost.map(({ claimedAtMs }) => claimedAtMs));
    return [{ ...told, startedAtMs, ports: [() => lost.map(lostUse)] }];
  });
}

/** As workers tell it. */
function lostUse({ port, slice, claimedAtMs }: PortRecord): object {
  return {
    fixture: 'unknown',
    scope: 'test',
    port,
    slice,
    borrowed: false,
    waitedMs: 0,
    acquiredAtMs: claimedAtMs,
  };
}
