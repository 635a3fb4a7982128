/** Where ports that belong together can lie. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findGroupStarts } from '../../src/core/port-groups.ts';
import { type PortRange, rangesOfPorts } from '../../src/core/port-range.ts';

function portsOf(ranges: readonly PortRange[]): number[] {
  return ranges.flatMap(({ firstPort, lastPort }) =>
    Array.from({ length: lastPort - firstPort + 1 }, (_, step) => firstPort + step),
  );
}

describe('the starts of a group', () => {
  test.each<[string, PortRange[], number[], PortRange[]]>([
    [
      'lie so that the last member is still in the range',
      [{ firstPort: 2000, lastPort: 2009 }],
      [0, 1, 2],
      [{ firstPort: 2000, lastPort: 2007 }],
    ],
    [
      'pass over gaps',
      [
        { firstPort: 2000, lastPort: 2001 },
        { firstPort: 2003, lastPort: 2005 },
      ],
      [0, 1, 2],
      [{ firstPort: 2003, lastPort: 2003 }],
    ],
    [
      'do not see where an order that wraps around cuts a range',
      [
        { firstPort: 2005, lastPort: 2006 },
        { firstPort: 2002, lastPort: 2004 },
      ],
      [0, 1, 2, 3, 4],
      [{ firstPort: 2002, lastPort: 2002 }],
    ],
    [
      'lie in one range with the other member in another',
      [
        { firstPort: 6000, lastPort: 6003 },
        { firstPort: 16_002, lastPort: 16_010 },
      ],
      [0, 10_000],
      [{ firstPort: 6002, lastPort: 6003 }],
    ],
    [
      'are nowhere where a member would be no port',
      [{ firstPort: 60_000, lastPort: 65_535 }],
      [0, 10_000],
      [],
    ],
  ])('%s', (_what, ranges, offsets, expected) => {
    expect(findGroupStarts(ranges, offsets)).toEqual(expected);
  });

  test('are exactly those from which every member is a port of the ranges', () => {
    const small = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 });
    const offsets = fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(small, offsets, (ports, distances) => {
        const has = new Set(ports);
        const all = Array.from({ length: 60 }, (_, port) => port + 1);
        const expected = all.filter((start) => distances.every((offset) => has.has(start + offset)));
        expect(portsOf(findGroupStarts(rangesOfPorts(ports), distances))).toEqual(expected);
      }),
    );
  });
});
