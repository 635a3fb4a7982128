import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeLabel, encodeLabel } from '../../src/core/label.ts';
import { MAX_LABEL_BYTES } from '../../src/core/segment-layout.ts';

const anyText = fc.string({ unit: 'binary', maxLength: MAX_LABEL_BYTES * 2, size: 'max' });
const byteLengthOf = (text: string): number => Buffer.byteLength(text);

describe('a label', () => {
  test('that fits comes back unchanged', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        fc.pre(byteLengthOf(text) <= MAX_LABEL_BYTES);
        expect(decodeLabel(encodeLabel(text))).toBe(text);
      }),
      { examples: [['\uFEFFafter a byte order mark'], ['']] },
    );
  });

  test('of exactly the maximum length is whole, one byte more is cut', () => {
    const longest = 'x'.repeat(MAX_LABEL_BYTES);
    expect(decodeLabel(encodeLabel(longest))).toBe(longest);
    expect(decodeLabel(encodeLabel(`${longest}y`))).toBe(longest);
  });

  test('that is too long is cut between characters, as late as possible', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const encoded = encodeLabel(text);
        const kept = decodeLabel(encoded);
        expect(encoded.length).toBeLessThanOrEqual(MAX_LABEL_BYTES);
        expect(text.startsWith(kept)).toBe(true);
        expect(kept === text || encoded.length > MAX_LABEL_BYTES - 4).toBe(true);
      }),
    );
    expect(decodeLabel(encodeLabel('x'.repeat(MAX_LABEL_BYTES - 1) + 'ü'))).toBe(
      'x'.repeat(MAX_LABEL_BYTES - 1),
    );
    expect(decodeLabel(encodeLabel('😀'.repeat(100)))).toBe('😀'.repeat(Math.floor(MAX_LABEL_BYTES / 4)));
  });

  test('with a lone surrogate gets the replacement character', () => {
    expect(decodeLabel(encodeLabel('a\uD800b'))).toBe('a\uFFFDb');
  });
});
