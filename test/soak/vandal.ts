/** A vandal: a process of the same user that maps a live segment and writes random bytes into it. */
import { closeSync, openSync, readSync } from 'node:fs';
import {
  HEADER_BYTES,
  HeaderWord,
  RECORD_BYTES,
  RECORD_LABEL_OFFSET,
  segmentOffsets,
} from '../../src/core/segment-layout.ts';
import { startWatched, type Watched } from './watched.ts';

/** Bytes of the segment: `[from, to)`. */
type Extent = readonly [from: number, to: number];

export interface Target {
  readonly name: string;
  readonly extents: readonly Extent[];
}

export interface VandalConfig {
  readonly processId: number;
  readonly descriptor: number;
  readonly targets: readonly Target[];
  readonly seed: number;
}

export interface VandalReport {
  /** How many bytes it has written into each target. */
  readonly written: Readonly<Record<string, number>>;
  /** How often the kernel has refused to change the size. */
  readonly refusedTruncations: number;
  readonly truncations: number;
}

/** The names of all targets. The first three are the tables that never change. */
export const TARGETS = [
  'header',
  'slices',
  'ranges',
  'states',
  'times of release',
  'records',
  'labels',
  'everything',
] as const;
export type TargetName = (typeof TARGETS)[number];

/** Where that is in the segment of the pool that this process has made. */
export function targetIn(descriptor: number, name: TargetName): Target {
  const header = new Int32Array(HEADER_BYTES / 4);
  const file = openSync(`/proc/self/fd/${descriptor}`, 'r');
  readSync(file, header, 0, HEADER_BYTES, 0);
  closeSync(file);
  const count = (word: 'portCount' | 'sliceCount' | 'rangeCount'): number =>
    header[HeaderWord[word]] as number;
  const portCount = count('portCount');
  const at = segmentOffsets({ portCount, sliceCount: count('sliceCount'), rangeCount: count('rangeCount') });
  const records = Array.from({ length: portCount }, (_, index) => at.records + index * RECORD_BYTES);
  const extents: Record<TargetName, readonly Extent[]> = {
    header: [[0, at.slices]],
    slices: [[at.slices, at.ranges]],
    ranges: [[at.ranges, at.states]],
    states: [[at.states, at.releasedAtMs]],
    'times of release': [[at.releasedAtMs, at.records]],
    records: records.map((from) => [from, from + RECORD_LABEL_OFFSET]),
    labels: records.map((from) => [from + RECORD_LABEL_OFFSET, from + RECORD_BYTES]),
    everything: [[0, at.byteLength]],
  };
  return { name, extents: extents[name] };
}

export function startVandal(config: VandalConfig): Watched<VandalReport> {
  return startWatched<VandalReport>(new URL('vandal.program.ts', import.meta.url), config);
}
