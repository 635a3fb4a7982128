import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_SLICE_COUNT } from '../../src/core/segment-layout.ts';
import * as slicing from '../../src/core/slices.ts';
import { listOf } from '../support/port-lists.ts';

const { sliceCountFor } = slicing;

interface PlainPlan extends Omit<slicing.PoolPlan, 'ports'> {
  readonly ports: number[];
}

function planPool(serverPorts: readonly number[], sliceCount: number, rotation: number): PlainPlan {
  const { ports, slices } = slicing.planPool(listOf(serverPorts), sliceCount, rotation);
  return { ports: [...ports], slices };
}

const ascending = (ports: Iterable<number>): number[] => [...ports].toSorted((a, b) => a - b);
const portsBetween = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

const somePorts = fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), {
  minLength: 1,
  maxLength: 400,
  size: 'max',
});
const fewPorts = fc.uniqueArray(fc.integer({ min: 9_990, max: 10_010 }), { minLength: 1, maxLength: 6 });
const portBlock = fc
  .tuple(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 0, max: 5_000 }))
  .map(([first, more]) => portsBetween(first, first + more));
const anyPool = {
  serverPorts: fc.oneof(somePorts, fewPorts, portBlock).map(ascending),
  sliceCount: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 300 })),
  rotation: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
};

function expectOfAnyPlan(
  check: (plan: PlainPlan, serverPorts: number[], sliceCount: number, rotation: number) => void,
): void {
  fc.assert(
    fc.property(
      anyPool.serverPorts,
      anyPool.sliceCount,
      anyPool.rotation,
      (serverPorts, sliceCount, rotation) => {
        check(planPool(serverPorts, sliceCount, rotation), serverPorts, sliceCount, rotation);
      },
    ),
  );
}

describe('a pool plan', () => {
  test('has every server port exactly once', () => {
    expectOfAnyPlan(({ ports }, serverPorts) => expect(ascending(ports)).toEqual(serverPorts));
  });

  test('has disjoint, contiguous slices that cover the whole pool, slice 0 at its end', () => {
    expectOfAnyPlan(({ ports, slices }, _, sliceCount) => {
      expect(slices).toHaveLength(sliceCount);
      const [first, ...workers] = slices;
      let nextIndex = 0;
      for (const { firstIndex, portCount } of [...workers, first as slicing.SliceBounds]) {
        expect(firstIndex).toBe(nextIndex);
        expect(portCount).toBeGreaterThanOrEqual(0);
        nextIndex += portCount;
      }
      expect(nextIndex).toBe(ports.length);
    });
  });

  test('has the ports below 10000 after all others', () => {
    expectOfAnyPlan(({ ports }) => {
      const isLow = ports.map((port) => port < 10_000);
      expect(isLow.slice(isLow.indexOf(true)).every(Boolean) || !isLow.includes(true)).toBe(true);
    });
  });

  test('starts where the rotation says and wraps around', () => {
    expectOfAnyPlan(({ ports }, serverPorts, _, rotation) => {
      const preferred = serverPorts.filter((port) => port >= 10_000);
      const start = Math.floor(rotation * preferred.length);
      const wrapped = [...preferred.slice(start), ...preferred.slice(0, start)];
      expect(ports.slice(0, preferred.length)).toEqual(wrapped);
    });
    expect(planPool(portsBetween(20_000, 20_003), 1, 0.5).ports).toEqual([20_002, 20_003, 20_000, 20_001]);
    expect(planPool(portsBetween(2000, 2003), 1, 0.75).ports).toEqual([2003, 2000, 2001, 2002]);
  });

  test('gives all slices the same number of ports, give or take one, where low ports are needed', () => {
    expectOfAnyPlan(({ slices }, serverPorts, sliceCount) => {
      fc.pre(serverPorts.filter((port) => port >= 10_000).length < 64 * sliceCount);
      const counts = slices.map(({ portCount }) => portCount);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    });
  });

  test('leaves every low port to slice 0 where there are enough others', () => {
    const { ports, slices } = planPool(portsBetween(9_000, 10_000 + 64 * 4 - 1), 4, 0.3);
    for (const { firstIndex, portCount } of slices.slice(1)) {
      expect(portCount).toBe(64);
      expect(Math.min(...ports.slice(firstIndex, firstIndex + portCount))).toBeGreaterThanOrEqual(10_000);
    }
    expect(slices[0]?.portCount).toBe(64 + 1000);
  });

  test('with fewer ports than slices has slices of one port and empty ones', () => {
    const { slices } = planPool([20_000, 20_001, 20_002], 13, 0.9);
    const counts = slices.map(({ portCount }) => portCount);
    expect(ascending(counts)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
  });
});

describe('the number of slices', () => {
  test('is one for a run without workers', () => {
    expect(sliceCountFor(0)).toBe(1);
  });

  test('leaves at least two and at least half as many spare slices as there are workers', () => {
    for (let workers = 1; workers <= 2000; workers++) {
      const spare = sliceCountFor(workers) - 1 - workers;
      expect(spare).toBeGreaterThanOrEqual(Math.max(2, workers / 2));
      expect(sliceCountFor(workers)).toBeLessThanOrEqual(MAX_SLICE_COUNT);
    }
  });
});
