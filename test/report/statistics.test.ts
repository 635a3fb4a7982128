import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findPeak, summarize, type UsesOfWorker } from '../../src/report/statistics.ts';
import { portUse, serverUse } from './samples.ts';

function usesOf(
  machine: number,
  worker: number,
  times: readonly (readonly [acquiredAtMs: number, releasedAtMs: number | undefined])[],
): UsesOfWorker {
  const ports = times.map(([acquiredAtMs, releasedAtMs]) => ({ ...portUse, acquiredAtMs, releasedAtMs }));
  return { machine, worker, ports, servers: [] };
}

/** Whether it is in use in the time after that moment. */
function isInUse({ acquiredAtMs, releasedAtMs = Infinity }: typeof portUse, atMs: number): boolean {
  return (
    acquiredAtMs <= atMs && (releasedAtMs > atMs || (releasedAtMs === acquiredAtMs && acquiredAtMs === atMs))
  );
}

function countOf(uses: readonly UsesOfWorker[], atMs: number): number {
  return uses.flatMap(({ ports }) => ports).filter((port) => isInUse(port, atMs)).length;
}

const anyUses = fc.array(
  fc
    .tuple(
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: 0, max: 3 }),
      fc.array(fc.tuple(fc.nat(40), fc.option(fc.nat(15), { nil: undefined })), { maxLength: 6 }),
    )
    .map(([machine, worker, times]) =>
      usesOf(
        machine,
        worker,
        times.map(
          ([start, duration]) => [start, duration === undefined ? undefined : start + duration] as const,
        ),
      ),
    ),
  { maxLength: 8 },
);

describe('the most ports in use at once', () => {
  test('is what counting at each moment finds, and its worker is one with the most of them', () => {
    fc.assert(
      fc.property(anyUses, (uses) => {
        const moments = uses.flatMap(({ ports }) => ports.map(({ acquiredAtMs }) => acquiredAtMs));
        const counts = [0, 1, 2].flatMap((machine) =>
          moments.map((atMs) =>
            countOf(
              uses.filter((one) => one.machine === machine),
              atMs,
            ),
          ),
        );
        const peak = findPeak(uses);
        expect(peak?.portCount ?? 0).toBe(Math.max(0, ...counts));
        if (peak === undefined) return;
        const there = uses.filter(({ machine }) => machine === peak.machine);
        expect(countOf(there, peak.atMs)).toBe(peak.portCount);
        const perWorker = [0, 1, 2, 3].map((worker) =>
          countOf(
            there.filter((one) => one.worker === worker),
            peak.atMs,
          ),
        );
        expect(perWorker[peak.worker]).toBe(Math.max(...perWorker));
      }),
    );
  });

  test('is not raised by a port that is given back in the millisecond in which the next one is got', () => {
    expect(findPeak([usesOf(0, 1, [[10, 20]]), usesOf(0, 2, [[20, 30]])])?.portCount).toBe(1);
  });

  test('counts a port that is given back in the millisecond in which it was got', () => {
    expect(findPeak([usesOf(0, 1, [[10, 10]])])).toEqual({ portCount: 1, atMs: 10, machine: 0, worker: 1 });
  });

  test('is of one machine: what happens on another one happens to other ports', () => {
    const uses = [
      usesOf(0, 1, [[10, 20]]),
      usesOf(1, 1, [
        [10, 20],
        [12, 20],
      ]),
    ];
    expect(findPeak(uses)).toEqual({ portCount: 2, atMs: 12, machine: 1, worker: 1 });
  });

  test('is nothing where no port was used', () => {
    expect(findPeak([])).toBeUndefined();
  });
});

describe('the summary', () => {
  test('counts ports that were waited for together as one wait', () => {
    const port = { ...portUse, waitedMs: 30 };
    const uses = {
      machine: 0,
      worker: 1,
      servers: [],
      ports: [port, port, { ...port, acquiredAtMs: 5, waitedMs: 0 }],
    };
    const again = { ...uses, ports: [{ ...port, waitedMs: 12 }] };
    expect(summarize([uses, again], 100).waits).toEqual({ count: 2, totalMs: 42, longestMs: 30 });
  });

  test('counts a server that was never ready as failed', () => {
    const servers = [
      serverUse,
      { ...serverUse, readyAfterMs: undefined },
      { ...serverUse, readyAfterMs: 300 },
    ];
    const { servers: counted } = summarize([{ machine: 0, worker: 1, ports: [], servers }], 100);
    expect(counted).toEqual({ count: 3, failed: 1, slowestReadyMs: 300 });
  });

  test('takes a hundred thousand ports, which are too many for the arguments of one call', () => {
    const times = Array.from({ length: 150_000 }, (_, place) => [place, place + 2] as const);
    expect(summarize([usesOf(0, 1, times)], 100)).toMatchObject({
      handedOut: 150_000,
      peak: { portCount: 2 },
    });
  });
});
