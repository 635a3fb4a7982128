/** Which word of a segment's memory an atomic instruction is about. */
import { readCounts } from '../../src/core/segment-format.ts';
import { segmentOffsets } from '../../src/core/segment-layout.ts';

/** The index of the port whose state word it is; undefined: it is another word. */
export function portOfStateWord(words: Int32Array<ArrayBuffer>, index: number): number | undefined {
  const { states, releasedAtMs } = segmentOffsets(readCounts(words.buffer));
  const byteOffset = words.byteOffset + index * words.BYTES_PER_ELEMENT;
  return byteOffset >= states && byteOffset < releasedAtMs ? (byteOffset - states) / 4 : undefined;
}
