/** Writes a new segment, and tells whether given bytes are one. Pure: it sees an ArrayBuffer and nothing else. */
import { countText } from './count-text.ts';
import { PortList } from './port-list.ts';
import { isPortRange, joinRanges, type PortRange } from './port-range.ts';
import {
  HEADER_BYTES,
  HeaderWord,
  MAX_PORT_COUNT,
  MAX_SLICE_COUNT,
  NETWORK_NAMESPACE_BYTES,
  NETWORK_NAMESPACE_OFFSET,
  SEGMENT_LAYOUT_VERSION,
  SEGMENT_MAGIC,
  type SegmentCounts,
  segmentOffsets,
  SLICE_WORDS,
  SliceWord,
  START_EPOCH_FLOAT,
  START_MONOTONIC_FLOAT,
} from './segment-layout.ts';
import type { PoolPlan, SliceBounds } from './slices.ts';

export interface SegmentFacts {
  /** 128 bits in hexadecimal. */
  readonly runId: string;
  readonly creatorProcessId: number;
  readonly networkNamespace: string;
  readonly restMs: number;
  readonly startMonotonicMs: number;
  readonly startEpochMs: number;
}

export function countsOf({ ports, slices }: PoolPlan): SegmentCounts {
  return { portCount: ports.length, sliceCount: slices.length, rangeCount: ports.ranges.length };
}

/** Writes a new segment into zeroed memory. The magic comes last: until then nobody can attach. */
export function writeSegment(buffer: ArrayBuffer, facts: SegmentFacts, plan: PoolPlan): void {
  const words = new Int32Array(buffer);
  const counts = countsOf(plan);
  const offsets = segmentOffsets(counts);
  words[HeaderWord.layoutVersion] = SEGMENT_LAYOUT_VERSION;
  words[HeaderWord.byteLength] = offsets.byteLength;
  words[HeaderWord.portCount] = counts.portCount;
  words[HeaderWord.sliceCount] = counts.sliceCount;
  words[HeaderWord.rangeCount] = counts.rangeCount;
  words[HeaderWord.restMs] = facts.restMs;
  words[HeaderWord.creatorProcessId] = facts.creatorProcessId;
  for (let word = 0; word < 4; word++) {
    words[HeaderWord.runId + word] = Number.parseInt(facts.runId.slice(word * 8, word * 8 + 8), 16);
  }
  const floats = new Float64Array(buffer, 0, HEADER_BYTES / 8);
  floats[START_MONOTONIC_FLOAT] = facts.startMonotonicMs;
  floats[START_EPOCH_FLOAT] = facts.startEpochMs;
  new TextEncoder().encodeInto(
    facts.networkNamespace,
    new Uint8Array(buffer, NETWORK_NAMESPACE_OFFSET, NETWORK_NAMESPACE_BYTES),
  );
  plan.slices.forEach((slice, number) => {
    const row = offsets.slices / 4 + number * SLICE_WORDS;
    words[row + SliceWord.firstIndex] = slice.firstIndex;
    words[row + SliceWord.portCount] = slice.portCount;
  });
  new Uint16Array(buffer, offsets.ranges, counts.rangeCount * 2).set(
    plan.ports.ranges.flatMap(({ firstPort, lastPort }) => [firstPort, lastPort]),
  );
  Atomics.store(words, HeaderWord.magic, SEGMENT_MAGIC);
}

/**
 * A copy of the header and of the tables that never change. Check it and use it: in the shared memory itself somebody
 * can write between the check and the use.
 */
export function copyTables(buffer: ArrayBuffer): ArrayBuffer {
  if (buffer.byteLength < HEADER_BYTES) return buffer.slice(0);
  const { states } = segmentOffsets(readCounts(buffer));
  return buffer.slice(0, Math.max(HEADER_BYTES, states));
}

/** The three counts of a header, which may be anything. */
export function readCounts(buffer: ArrayBuffer): SegmentCounts {
  const words = new Int32Array(buffer, 0, HEADER_BYTES / 4);
  return {
    portCount: words[HeaderWord.portCount] as number,
    sliceCount: words[HeaderWord.sliceCount] as number,
    rangeCount: words[HeaderWord.rangeCount] as number,
  };
}

/**
 * What is wrong with the bytes as a segment of this version, or undefined. Reads only what it has checked.
 * @param tables of `copyTables`; only this copy is checked
 */
export function findSegmentProblem(
  buffer: ArrayBuffer,
  tables: ArrayBuffer = copyTables(buffer),
): string | undefined {
  if (buffer.byteLength < HEADER_BYTES) return `it has only ${buffer.byteLength} bytes`;
  const words = new Int32Array(tables, 0, HEADER_BYTES / 4);
  const read = (word: number): number => words[word] as number;
  if (read(HeaderWord.magic) !== SEGMENT_MAGIC)
    return 'it does not begin with the magic number of a port pool';
  if (read(HeaderWord.layoutVersion) !== SEGMENT_LAYOUT_VERSION) {
    return `its layout has version ${read(HeaderWord.layoutVersion)}, this package reads version ${SEGMENT_LAYOUT_VERSION}`;
  }
  const counts = readCounts(tables);
  const { portCount, sliceCount, rangeCount } = counts;
  if (portCount < 1 || portCount > MAX_PORT_COUNT) return `it claims to have ${countText(portCount, 'port')}`;
  if (sliceCount < 1 || sliceCount > MAX_SLICE_COUNT)
    return `it claims to have ${countText(sliceCount, 'slice')}`;
  if (rangeCount < 1 || rangeCount > portCount) return `it claims to have ${rangeCount} ranges of ports`;
  const { byteLength: expected, states } = segmentOffsets(counts);
  if (read(HeaderWord.byteLength) !== expected || buffer.byteLength !== expected) {
    return `it has ${buffer.byteLength} bytes and claims ${read(HeaderWord.byteLength)}, where ${expected} are needed`;
  }
  if (tables.byteLength < states) return 'somebody writes into it';
  const slices = readSlices(tables, counts);
  const outside = slices.findIndex(
    ({ firstIndex, portCount: count }) => firstIndex < 0 || count < 0 || firstIndex + count > portCount,
  );
  if (outside !== -1) return `its slice ${outside} lies outside the pool`;
  // A wrong number of slices can go with the right size, which is rounded up.
  if (slices.reduce((sum, slice) => sum + slice.portCount, 0) !== portCount)
    return 'its slices do not make up the pool';
  if (!timesMakeSense(tables)) return 'its times make no sense';
  const ranges = readRanges(tables, counts);
  if (!ranges.every(({ firstPort, lastPort }) => isPortRange(firstPort, lastPort)))
    return 'its table names port 0, or a reversed range';
  // Joined, ranges that overlap have fewer ports.
  const distinctPortCount = new PortList(joinRanges(ranges)).length;
  return distinctPortCount === portCount && new PortList(ranges).length === portCount
    ? undefined
    : `its ranges name ${distinctPortCount} different ports, it claims ${portCount}`;
}

function timesMakeSense(tables: ArrayBuffer): boolean {
  const restMs = new Int32Array(tables, 0, HEADER_BYTES / 4)[HeaderWord.restMs];
  const floats = new Float64Array(tables, 0, HEADER_BYTES / 8);
  const times = [restMs, floats[START_MONOTONIC_FLOAT], floats[START_EPOCH_FLOAT]] as number[];
  return times.every((time) => Number.isFinite(time) && time >= 0);
}

/** The ranges of the pool in the order of use, of a segment with these counts. */
export function readRanges(buffer: ArrayBuffer, counts: SegmentCounts): PortRange[] {
  const ends = new Uint16Array(buffer, segmentOffsets(counts).ranges, counts.rangeCount * 2);
  return Array.from({ length: counts.rangeCount }, (_, place) => ({
    firstPort: ends[place * 2] as number,
    lastPort: ends[place * 2 + 1] as number,
  }));
}

/** The slice table, of a segment with these counts. */
export function readSlices(buffer: ArrayBuffer, counts: SegmentCounts): SliceBounds[] {
  const words = new Int32Array(buffer);
  const table = segmentOffsets(counts).slices / 4;
  return Array.from({ length: counts.sliceCount }, (_, number) => ({
    firstIndex: words[table + number * SLICE_WORDS + SliceWord.firstIndex] as number,
    portCount: words[table + number * SLICE_WORDS + SliceWord.portCount] as number,
  }));
}
