import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  HEADER_BYTES,
  HeaderWord,
  MAX_LABEL_BYTES,
  MAX_PORT_COUNT,
  MAX_SLICE_COUNT,
  NETWORK_NAMESPACE_BYTES,
  NETWORK_NAMESPACE_OFFSET,
  RECORD_BYTES,
  RECORD_LABEL_OFFSET,
  RecordWord,
  segmentOffsets,
  SLICE_WORDS,
  SliceWord,
  START_EPOCH_FLOAT,
  START_MONOTONIC_FLOAT,
} from '../../src/core/segment-layout.ts';

interface Part {
  readonly name: string;
  readonly offset: number;
  readonly byteLength: number;
}

function expectDisjoint(parts: readonly Part[], end: number): void {
  const ordered = parts.toSorted((a, b) => a.offset - b.offset);
  ordered.forEach(({ name, offset, byteLength }, position) => {
    const next = ordered[position + 1];
    expect(offset + byteLength, `${name} before ${next?.name ?? 'the end'}`).toBeLessThanOrEqual(
      next?.offset ?? end,
    );
  });
}

const words = (
  places: Readonly<Record<string, number>>,
  lengths: Readonly<Record<string, number>> = {},
): Part[] =>
  Object.entries(places).map(([name, word]) => ({
    name,
    offset: word * 4,
    byteLength: 4 * (lengths[name] ?? 1),
  }));

describe('the layout', () => {
  test('has no two header fields in one place', () => {
    const others: Part[] = [
      { name: 'start, monotonic', offset: START_MONOTONIC_FLOAT * 8, byteLength: 8 },
      { name: 'start, epoch', offset: START_EPOCH_FLOAT * 8, byteLength: 8 },
      { name: 'network namespace', offset: NETWORK_NAMESPACE_OFFSET, byteLength: NETWORK_NAMESPACE_BYTES },
    ];
    expectDisjoint([...words(HeaderWord, { runId: 4 }), ...others], HEADER_BYTES);
  });

  test('has no two fields of a record or of a slice in one place', () => {
    const label: Part = { name: 'label', offset: RECORD_LABEL_OFFSET, byteLength: MAX_LABEL_BYTES };
    expectDisjoint([...words(RecordWord), label], RECORD_BYTES);
    expectDisjoint(words(SliceWord), SLICE_WORDS * 4);
  });

  test('has no two parts in one place, each aligned to its words, for every number of ports and slices', () => {
    const anyPortCount = fc.integer({ min: 1, max: MAX_PORT_COUNT });
    const anySliceCount = fc.integer({ min: 1, max: MAX_SLICE_COUNT });
    fc.assert(
      fc.property(anyPortCount, anySliceCount, anyPortCount, (portCount, sliceCount, rangeCount) => {
        const at = segmentOffsets({ portCount, sliceCount, rangeCount });
        const parts: Part[] = [
          { name: 'header', offset: 0, byteLength: HEADER_BYTES },
          { name: 'slices', offset: at.slices, byteLength: sliceCount * SLICE_WORDS * 4 },
          { name: 'ranges', offset: at.ranges, byteLength: rangeCount * 4 },
          { name: 'states', offset: at.states, byteLength: portCount * 4 },
          { name: 'times of release', offset: at.releasedAtMs, byteLength: portCount * 4 },
          { name: 'records', offset: at.records, byteLength: portCount * RECORD_BYTES },
        ];
        expectDisjoint(parts, at.byteLength);
        for (const offset of [at.slices, at.states, at.releasedAtMs, at.records]) expect(offset % 4).toBe(0);
        expect(at.byteLength).toBe(at.records + portCount * RECORD_BYTES);
      }),
    );
  });
});
