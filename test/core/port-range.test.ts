import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countPorts,
  formatPortRange,
  isDecimal,
  isPortRange,
  joinRanges,
  subtractRanges,
} from '../../src/core/port-range.ts';
import { portsIn } from '../support/port-lists.ts';
import { formatPortSpec } from '../support/port-spec-text.ts';

const anyPort = fc.integer({ min: 1, max: 65_535 });
const anyRange = fc.tuple(anyPort, anyPort).map(([left, right]) => {
  return { firstPort: Math.min(left, right), lastPort: Math.max(left, right) };
});

describe('isPortRange', () => {
  test.each([
    [1, 65_535, true],
    [7, 7, true],
    [0, 10, false],
    [1, 65_536, false],
    [30, 20, false],
    [Number.NaN, 10, false],
    [1, Number.NaN, false],
    [1.5, 10, false],
    [1, Number.POSITIVE_INFINITY, false],
  ])('says of %d to %d: %s', (firstPort, lastPort, expected) => {
    expect(isPortRange(firstPort, lastPort)).toBe(expected);
  });
});

describe('isDecimal', () => {
  test.each(['0', '80', '00080', '99999999'])('accepts %j', (text) => {
    expect(isDecimal(text)).toBe(true);
  });

  test.each([undefined, '', ' ', '-1', '+1', '1.0', '1e3', '0x50', '８０', '٨٠', '80 '])(
    'refuses %j',
    (text) => {
      expect(isDecimal(text)).toBe(false);
    },
  );
});

/** Near each other, so that they often touch and overlap. */
const closeRange = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(8)).map(([firstPort, more]) => {
  return { firstPort, lastPort: firstPort + more };
});
const anyRanges = fc.oneof(fc.array(anyRange, { maxLength: 5 }), fc.array(closeRange, { maxLength: 12 }));

describe('joinRanges', () => {
  test('has no ranges for none', () => {
    expect(joinRanges([])).toEqual([]);
  });

  test('keeps what a long range covers beyond a short one inside it', () => {
    const ranges = [
      { firstPort: 1, lastPort: 5 },
      { firstPort: 2, lastPort: 3 },
      { firstPort: 4, lastPort: 6 },
    ];
    expect(joinRanges(ranges)).toEqual([{ firstPort: 1, lastPort: 6 }]);
  });

  test('names the same ports in ascending order, with a gap between ranges', () => {
    fc.assert(
      fc.property(anyRanges, (ranges) => {
        const joined = joinRanges(ranges);
        expect(new Set(portsIn(joined))).toEqual(new Set(ranges.flatMap((range) => portsIn([range]))));
        for (const [place, { firstPort }] of joined.entries())
          expect(firstPort).toBeGreaterThan((joined[place - 1]?.lastPort ?? -1) + 1);
      }),
      { numRuns: 50 },
    );
  });
});

describe('subtractRanges', () => {
  test('leaves exactly the ports that are not removed', () => {
    fc.assert(
      fc.property(anyRanges, anyRanges, (ranges, removed) => {
        const left = subtractRanges(joinRanges(ranges), joinRanges(removed));
        const gone = new Set(portsIn(joinRanges(removed)));
        const expected = portsIn(joinRanges(ranges)).filter((port) => !gone.has(port));
        expect(portsIn(left)).toEqual(expected);
        expect(countPorts(left)).toBe(expected.length);
      }),
      { numRuns: 100 },
    );
  });

  test('removes the first port, the last and one in the middle', () => {
    const removed = [5, 7, 9].map((port) => ({ firstPort: port, lastPort: port }));
    expect(subtractRanges([{ firstPort: 5, lastPort: 9 }], removed)).toEqual([
      { firstPort: 6, lastPort: 6 },
      { firstPort: 8, lastPort: 8 },
    ]);
  });
});

describe('formatting', () => {
  test('writes a range of one port as that port', () => {
    expect(formatPortRange({ firstPort: 6001, lastPort: 6001 })).toBe('6001');
    expect(formatPortRange({ firstPort: 6001, lastPort: 6002 })).toBe('6001-6002');
  });

  test('joins neighbouring ports to ranges', () => {
    expect(formatPortSpec([2000, 2001, 2002, 6001, 6003, 6004])).toBe('2000-2002,6001,6003-6004');
  });

  test('writes no ports as an empty text', () => {
    expect(formatPortSpec([])).toBe('');
  });
});
