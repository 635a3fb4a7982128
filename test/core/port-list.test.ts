import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PortList } from '../../src/core/port-list.ts';

/** Ranges in any order, which do not overlap. */
const anyRanges = fc
  .uniqueArray(fc.integer({ min: 1, max: 6000 }), { maxLength: 12 })
  .map((tens) => tens.map((ten, place) => ({ firstPort: ten * 10, lastPort: ten * 10 + (place % 10) })));

function plain(list: PortList): number[] {
  return list.ranges.flatMap(({ firstPort, lastPort }) =>
    Array.from({ length: lastPort - firstPort + 1 }, (_, step) => firstPort + step),
  );
}

describe('a list of ports', () => {
  test('has the ports of its ranges in their order, one by one and all together', () => {
    fc.assert(
      fc.property(anyRanges, (ranges) => {
        const list = new PortList(ranges);
        const ports = plain(list);
        expect([...list]).toEqual(ports);
        expect(list.length).toBe(ports.length);
        expect(ports.map((_, index) => list.at(index))).toEqual(ports);
      }),
    );
  });

  test('is cut and joined like an array', () => {
    fc.assert(
      fc.property(anyRanges, fc.nat(40), fc.nat(40), (ranges, one, other) => {
        const list = new PortList(ranges);
        const [start, end] = [Math.min(one, other, list.length), Math.min(Math.max(one, other), list.length)];
        const part = list.slice(start, end);
        expect([...part]).toEqual(plain(list).slice(start, end));
        expect([...part.followedBy(list.slice(0, start))]).toEqual([
          ...plain(list).slice(start, end),
          ...plain(list).slice(0, start),
        ]);
      }),
    );
  });
});
