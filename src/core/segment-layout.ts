/**
 * Where everything is in the segment. The only file that knows an offset; all sizes follow from three counts.
 *
 *   header | slice table | ranges of ports (2 x u16) | state words (i32) | times of release (u32) | records
 *
 * State words and times lie densely, apart from the records, because every search reads them.
 */

export const SEGMENT_MAGIC = 0x434c5350; // 'PSLC'
/** Raise it whenever a reader of the old layout would misread the new one. */
export const SEGMENT_LAYOUT_VERSION = 2;

export const MAX_PORT_COUNT = 65535;
export const MAX_SLICE_COUNT = 4096;

/** Index of each header word in an Int32Array over the segment. */
export const HeaderWord = {
  magic: 0,
  layoutVersion: 1,
  byteLength: 2,
  portCount: 3,
  sliceCount: 4,
  restMs: 5,
  runId: 6, // four words
  creatorProcessId: 10,
  warnedFlags: 11,
  pressure: 12,
  lifetimeClaims: 13,
  currentClaims: 14,
  peakClaims: 15,
  borrowedClaims: 16,
  waits: 17,
  leaks: 18,
  rangeCount: 19,
} as const;

/** Float64 index of the pool's start on the monotonic clock and on the wall clock, both in milliseconds. */
export const START_MONOTONIC_FLOAT = 16;
export const START_EPOCH_FLOAT = 17;

export const NETWORK_NAMESPACE_OFFSET = 160;
export const NETWORK_NAMESPACE_BYTES = 64;
export const HEADER_BYTES = 256;

/** Words of one row of the slice table. */
export const SLICE_WORDS = 4;
export const SliceWord = { firstIndex: 0, portCount: 1, ownerThreadId: 2 } as const;

export const RECORD_BYTES = 256;
/** Index of each word inside a record. */
export const RecordWord = {
  labelSequence: 0,
  processId: 1,
  threadId: 2,
  slice: 3,
  claimedAtMs: 4,
  claimCount: 5,
  heldMs: 6,
  labelBytes: 7,
} as const;
export const RECORD_LABEL_OFFSET = 32;
export const MAX_LABEL_BYTES: number = RECORD_BYTES - RECORD_LABEL_OFFSET;

export interface SegmentCounts {
  readonly portCount: number;
  readonly sliceCount: number;
  readonly rangeCount: number;
}

export interface SegmentOffsets {
  readonly slices: number;
  readonly ranges: number;
  readonly states: number;
  readonly releasedAtMs: number;
  readonly records: number;
  readonly byteLength: number;
}

/** Byte offset of each part. */
export function segmentOffsets({ portCount, sliceCount, rangeCount }: SegmentCounts): SegmentOffsets {
  const slices = HEADER_BYTES;
  const ranges = slices + sliceCount * SLICE_WORDS * 4;
  const states = align(ranges + rangeCount * 4, 64);
  const releasedAtMs = states + portCount * 4;
  const records = align(releasedAtMs + portCount * 4, RECORD_BYTES);
  return { slices, ranges, states, releasedAtMs, records, byteLength: records + portCount * RECORD_BYTES };
}

function align(offset: number, boundary: number): number {
  return Math.ceil(offset / boundary) * boundary;
}
