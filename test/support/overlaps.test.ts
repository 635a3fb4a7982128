import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeOverlap, findOverlaps, type Span } from './overlaps.ts';

const span = (owner: string, from: number, until: number, port = 2000): Span => ({
  port,
  owner,
  from,
  until,
});

describe('the judge of overlaps', () => {
  test('finds two that had a port at once, in whatever order it is told of them', () => {
    const [first, second] = [span('a', 1, 3), span('b', 2, 4)];
    expect(findOverlaps([second, first])).toEqual([{ first, second }]);
    expect(describeOverlap({ first, second })).toBe('port 2000: a from 1 to 3 and b from 2 to 4');
  });

  test('finds nothing where one has gone before the other comes, or the ports differ', () => {
    expect(findOverlaps([span('a', 1, 2), span('b', 2, 3), span('c', 1, 3, 2001)])).toEqual([]);
  });

  test('takes an end that nobody knows for one that never comes', () => {
    expect(findOverlaps([span('a', 1, Infinity), span('b', 9, 10)])).toHaveLength(1);
  });

  test('leaves out the pairs that may share', () => {
    const all = [span('a', 1, 9), span('x', 2, 9), span('y', 3, 9)];
    const pairs = findOverlaps(all, (first, second) => first.owner === 'x' && second.owner === 'y');
    expect(pairs.map((pair) => pair.first.owner + pair.second.owner)).toEqual(['ax', 'ay']);
  });

  test('finds exactly what a comparison of all pairs finds', () => {
    const anySpan = fc
      .record({
        port: fc.integer({ min: 1, max: 3 }),
        from: fc.nat(20),
        length: fc.integer({ min: 1, max: 9 }),
      })
      .map(({ port, from, length }) => span('', from, from + length, port));
    fc.assert(
      fc.property(fc.array(anySpan), (spans) => {
        const pairs = spans.flatMap((one, index) =>
          spans
            .slice(index + 1)
            .filter((two) => one.port === two.port && one.from < two.until && two.from < one.until),
        );
        expect(findOverlaps(spans)).toHaveLength(pairs.length);
      }),
    );
  });
});
