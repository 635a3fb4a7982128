/**
 * Typed access to a segment, wherever its bytes are. Pure: it sees an ArrayBuffer and nothing else.
 * The tables that never change are copied on opening, so that later damage can spoil order and statistics only.
 */
import { decodeLabel, encodeLabel } from './label.ts';
import { PortList } from './port-list.ts';
import type { PortState } from './port-state.ts';
import { withState } from './port-state.ts';
import { copyTables, readCounts, readRanges, readSlices } from './segment-format.ts';
import {
  HEADER_BYTES,
  HeaderWord,
  MAX_LABEL_BYTES,
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
} from './segment-layout.ts';
import type { SliceBounds } from './slices.ts';

export interface ClaimFacts {
  readonly processId: number;
  readonly threadId: number;
  readonly slice: number;
  readonly atMs: number;
}

const WORDS_PER_RECORD = RECORD_BYTES / 4;
const LABEL_READ_ATTEMPTS = 8;

export class Segment {
  /** In the order of use: a port's place here is its index everywhere. */
  readonly ports: PortList;
  readonly slices: readonly SliceBounds[];
  readonly runId: string;
  readonly networkNamespace: string;
  readonly creatorProcessId: number;
  readonly restMs: number;
  readonly startMonotonicMs: number;
  readonly startEpochMs: number;
  /** One state word for each port; see port-state.ts. */
  readonly states: Int32Array;
  /** Milliseconds since the pool's start; 0: never released. */
  readonly releasedAtMs: Uint32Array;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #recordsWord: number;
  readonly #slicesWord: number;

  /** @param tables of `copyTables`; they must have passed `findSegmentProblem` */
  constructor(buffer: ArrayBuffer, tables: ArrayBuffer = copyTables(buffer)) {
    this.#words = new Int32Array(buffer);
    this.#bytes = new Uint8Array(buffer);
    const counts = readCounts(tables);
    const { portCount } = counts;
    const offsets = segmentOffsets(counts);
    const header = new Int32Array(tables, 0, HEADER_BYTES / 4);
    const floats = new Float64Array(tables, 0, HEADER_BYTES / 8);
    this.ports = new PortList(readRanges(tables, counts));
    this.slices = readSlices(tables, counts);
    this.states = new Int32Array(buffer, offsets.states, portCount);
    this.releasedAtMs = new Uint32Array(buffer, offsets.releasedAtMs, portCount);
    this.#recordsWord = offsets.records / 4;
    this.#slicesWord = offsets.slices / 4;
    this.runId = Array.from({ length: 4 }, (_, word) =>
      ((header[HeaderWord.runId + word] as number) >>> 0).toString(16).padStart(8, '0'),
    ).join('');
    const name = new Uint8Array(tables, NETWORK_NAMESPACE_OFFSET, NETWORK_NAMESPACE_BYTES);
    this.networkNamespace = decodeLabel(name).replace(/\0+$/, '');
    this.creatorProcessId = header[HeaderWord.creatorProcessId] as number;
    this.restMs = header[HeaderWord.restMs] as number;
    this.startMonotonicMs = floats[START_MONOTONIC_FLOAT] as number;
    this.startEpochMs = floats[START_EPOCH_FLOAT] as number;
  }

  /** Moves the port from exactly `expected` to `desired`; the only way a state word changes. */
  transition(index: number, expected: number, desired: number): boolean {
    // SYNC: acquires what the previous holder wrote into the record, and publishes what we wrote.
    return Atomics.compareExchange(this.states, index, expected, desired) === expected;
  }

  transitionTo(index: number, word: number, state: PortState): boolean {
    return this.transition(index, word, withState(word, state));
  }

  header(word: number): number {
    return Atomics.load(this.#words, word);
  }

  /** @returns the new value */
  addToHeader(word: number, difference: number): number {
    return Atomics.add(this.#words, word, difference) + difference;
  }

  /** Makes the value at least `value`. */
  raiseHeader(word: number, value: number): void {
    for (let seen = this.header(word); seen < value;) {
      const before = Atomics.compareExchange(this.#words, word, seen, value);
      if (before === seen) return;
      seen = before;
    }
  }

  /** Sets the bit and tells whether it was clear: true for exactly one caller in the whole run. */
  setFlagOnce(word: number, bit: number): boolean {
    return (Atomics.or(this.#words, word, 1 << bit) & (1 << bit)) === 0;
  }

  sliceOwner(slice: number): number {
    return Atomics.load(this.#words, this.#sliceOwnerWord(slice));
  }

  /** Makes the thread the slice's owner in place of `expected` (0: nobody). */
  takeSlice(slice: number, expected: number, threadId: number): boolean {
    return Atomics.compareExchange(this.#words, this.#sliceOwnerWord(slice), expected, threadId) === expected;
  }

  record(index: number, word: number): number {
    return Atomics.load(this.#words, this.#recordsWord + index * WORDS_PER_RECORD + word);
  }

  setRecord(index: number, word: number, value: number): void {
    Atomics.store(this.#words, this.#recordsWord + index * WORDS_PER_RECORD + word, value);
  }

  writeClaim(index: number, claim: ClaimFacts): void {
    this.setRecord(index, RecordWord.processId, claim.processId);
    this.setRecord(index, RecordWord.threadId, claim.threadId);
    this.setRecord(index, RecordWord.slice, claim.slice);
    this.setRecord(index, RecordWord.claimedAtMs, claim.atMs);
  }

  /** Only the port's owner writes; readers see the whole label or none. */
  writeLabel(index: number, label: string): void {
    if (label === '' && this.record(index, RecordWord.labelBytes) === 0) return;
    const encoded = encodeLabel(label);
    // SYNC: an odd sequence number tells readLabel() that the bytes are being changed. A writer that died here leaves it odd.
    const sequence = this.record(index, RecordWord.labelSequence) | 1;
    this.setRecord(index, RecordWord.labelSequence, sequence);
    this.#bytes.set(encoded, this.#labelOffset(index));
    this.setRecord(index, RecordWord.labelBytes, encoded.length);
    this.setRecord(index, RecordWord.labelSequence, (sequence + 1) | 0);
  }

  readLabel(index: number): string {
    for (let attempt = 0; attempt < LABEL_READ_ATTEMPTS; attempt++) {
      // SYNC: see writeLabel(). The same even number before and after means that the copy is whole.
      const before = this.record(index, RecordWord.labelSequence);
      const length = Math.min(Math.max(0, this.record(index, RecordWord.labelBytes)), MAX_LABEL_BYTES);
      const copy = this.#bytes.slice(this.#labelOffset(index), this.#labelOffset(index) + length);
      const after = this.record(index, RecordWord.labelSequence);
      if (before === after && before % 2 === 0) return decodeLabel(copy);
    }
    return '';
  }

  #labelOffset(index: number): number {
    return this.#recordsWord * 4 + index * RECORD_BYTES + RECORD_LABEL_OFFSET;
  }

  #sliceOwnerWord(slice: number): number {
    return this.#slicesWord + slice * SLICE_WORDS + SliceWord.ownerThreadId;
  }
}
