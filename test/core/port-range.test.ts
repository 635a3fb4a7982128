import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatPortRange,
  isDecimal,
  isInPortRange,
  isPortRange,
  portsInRanges,
} from '../../src/core/port-range.ts';
import { formatPortSpec } from '../support/port-spec-text.ts';

const anyPort = fc.integer({ min: 1, max: 65_535 });
const anyRange = fc.tuple(anyPort, anyPort).map(([left, right]) => {
  return { firstPort: Math.min(left, right), lastPort: Math.max(left, right) };
});

describe('isInPortRange', () => {
  test.each([
    [1999, false],
    [2000, true],
    [2010, true],
    [2020, true],
    [2021, false],
  ])('counts both ends as part of 2000-2020: %i is %s', (port, expected) => {
    expect(isInPortRange(port, { firstPort: 2000, lastPort: 2020 })).toBe(expected);
  });
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

describe('portsInRanges', () => {
  test('has no ports for no ranges', () => {
    expect(portsInRanges([])).toEqual([]);
  });

  test('includes both ends of each range, up to the very last port', () => {
    expect(portsInRanges([{ firstPort: 65_533, lastPort: 65_535 }])).toEqual([65_533, 65_534, 65_535]);
  });

  test('names each port once, in ascending order, whatever the order and overlap of the ranges', () => {
    fc.assert(
      fc.property(fc.array(anyRange, { maxLength: 5 }), (ranges) => {
        const expected = Array.from({ length: 65_535 }, (_, index) => index + 1).filter((port) => {
          return ranges.some(({ firstPort, lastPort }) => firstPort <= port && port <= lastPort);
        });
        expect(portsInRanges(ranges)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  test('keeps what a long range covers beyond a short one inside it', () => {
    const ranges = [
      { firstPort: 1, lastPort: 5 },
      { firstPort: 2, lastPort: 3 },
      { firstPort: 4, lastPort: 6 },
    ];
    expect(portsInRanges(ranges)).toEqual([1, 2, 3, 4, 5, 6]);
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
