import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  copyTables,
  countsOf,
  findSegmentProblem,
  type SegmentFacts,
  writeSegment,
} from '../../src/core/segment-format.ts';
import { HeaderWord, MAX_LABEL_BYTES, RecordWord, segmentOffsets } from '../../src/core/segment-layout.ts';
import { Segment } from '../../src/core/segment.ts';
import { planPool, type PoolPlan } from '../../src/core/slices.ts';
import { actionsOn, type RunAction } from '../platform/conformance/segment-actions.ts';
import { describeSegmentMemory } from '../platform/conformance/segment-memory.ts';
import { listOf } from '../support/port-lists.ts';

const facts: SegmentFacts = {
  runId: 'fedcba9876543210000000000000000f',
  creatorProcessId: 4711,
  networkNamespace: 'cookie:18446744073709551615',
  restMs: 60_000,
  startMonotonicMs: 123_456.789,
  startEpochMs: 1_800_000_000_123,
};
const smallPlan = planPool(listOf([20_000, 20_001, 20_002, 65_535]), 3, 0);

function bytesOf(plan: PoolPlan, itsFacts: SegmentFacts = facts): ArrayBuffer {
  const buffer = new ArrayBuffer(segmentOffsets(countsOf(plan)).byteLength);
  writeSegment(buffer, itsFacts, plan);
  return buffer;
}

function longer(buffer: ArrayBuffer): ArrayBuffer {
  const copy = new ArrayBuffer(buffer.byteLength + 4096);
  new Uint8Array(copy).set(new Uint8Array(buffer));
  return copy;
}

/** The small segment with one change. */
function damaged(change: (words: Int32Array) => void): ArrayBuffer {
  const buffer = bytesOf(smallPlan);
  change(new Int32Array(buffer));
  return buffer;
}

describeSegmentMemory('memory on the heap', {
  isConcurrent: false,
  create: (byteLength) => {
    const buffer = new ArrayBuffer(byteLength);
    const open = (): Promise<RunAction> => Promise.resolve(actionsOn(new Segment(buffer)));
    return Promise.resolve({ buffer, open, [Symbol.asyncDispose]: () => Promise.resolve() });
  },
});

describe('a written segment', () => {
  test('gives back its facts, its ports and its slices', () => {
    const anyPorts = fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { minLength: 1, maxLength: 100 });
    const anyFacts = fc.record({
      runId: fc.stringMatching(/^[0-9a-f]{32}$/),
      creatorProcessId: fc.integer({ min: 1, max: 2 ** 22 }),
      networkNamespace: fc.constantFrom('cookie:1', 'inode:4:4026531840', 'unknown', facts.networkNamespace),
      restMs: fc.nat(),
      startMonotonicMs: fc.double({ min: 0, max: 2 ** 50, noNaN: true }),
      startEpochMs: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    });
    fc.assert(
      fc.property(anyPorts, fc.integer({ min: 1, max: 40 }), anyFacts, (ports, sliceCount, itsFacts) => {
        const plan = planPool(listOf(ports), sliceCount, 0.4);
        const buffer = bytesOf(plan, itsFacts);
        expect(findSegmentProblem(buffer)).toBeUndefined();
        const segment = new Segment(buffer);
        expect(segment).toMatchObject(itsFacts);
        expect([...segment.ports]).toEqual([...plan.ports]);
        expect(segment.slices).toEqual(plan.slices);
      }),
    );
  });

  test('begins with every port free and never released, every slice without an owner and every count 0', () => {
    const segment = new Segment(bytesOf(smallPlan));
    expect([...segment.states]).toEqual([0, 0, 0, 0]);
    expect([...segment.releasedAtMs]).toEqual([0, 0, 0, 0]);
    expect([0, 1, 2].map((slice) => segment.sliceOwner(slice))).toEqual([0, 0, 0]);
    for (const word of ['currentClaims', 'lifetimeClaims', 'peakClaims', 'leaks'] as const)
      expect(segment.header(HeaderWord[word])).toBe(0);
  });

  test('keeps its ports and slices as they were when it was opened, whatever is written there later', () => {
    const buffer = bytesOf(smallPlan);
    const segment = new Segment(buffer);
    const at = segmentOffsets(countsOf(smallPlan));
    new Uint8Array(buffer, at.slices, at.states - at.slices).fill(0xff);
    expect([...segment.ports]).toEqual([...smallPlan.ports]);
    expect(segment.slices).toEqual(smallPlan.slices);
  });
});

describe('what is no segment of this version', () => {
  test.each<[what: string, buffer: ArrayBuffer, problem: RegExp]>([
    ['no bytes at all', new ArrayBuffer(0), /only 0 bytes/],
    ['fewer bytes than a header', bytesOf(smallPlan).slice(0, 255), /only 255 bytes/],
    ['zeroed memory, as before its creator has finished', new ArrayBuffer(8192), /magic number/],
    ['another magic number', damaged((words) => (words[HeaderWord.magic] = 0x46_4c_45_7f)), /magic number/],
    [
      'a newer layout',
      damaged((words) => (words[HeaderWord.layoutVersion] = 3)),
      /version 3, this package reads version 2/,
    ],
    ['no ports', damaged((words) => (words[HeaderWord.portCount] = 0)), /0 ports/],
    ['a negative number of ports', damaged((words) => (words[HeaderWord.portCount] = -1)), /-1 ports/],
    ['too many ports', damaged((words) => (words[HeaderWord.portCount] = 65_536)), /65,536 ports/],
    ['no slices', damaged((words) => (words[HeaderWord.sliceCount] = 0)), /0 slices/],
    ['too many slices', damaged((words) => (words[HeaderWord.sliceCount] = 4097)), /4,097 slices/],
    [
      'another number of ports',
      damaged((words) => (words[HeaderWord.portCount] = 5)),
      /where \d+ are needed/,
    ],
    ['another size', damaged((words) => (words[HeaderWord.byteLength] = 4)), /claims 4,/],
    ['a negative rest', damaged((words) => (words[HeaderWord.restMs] = -1)), /times make no sense/],
    // The upper half of a 64-bit number without a finite value.
    ['a start that is no time', damaged((words) => (words[33] = 0x7f_f8_00_00)), /times make no sense/],
    ['a cut-off end', bytesOf(smallPlan).slice(0, -4), /where \d+ are needed/],
    ['bytes after its end', longer(bytesOf(smallPlan)), /where \d+ are needed/],
    ['a slice before the pool', damaged((words) => (words[64] = -1)), /slice 0 lies outside/],
    ['a slice of fewer than no ports', damaged((words) => (words[69] = -1)), /slice 1 lies outside/],
    ['a slice that ends after the pool', damaged((words) => (words[73] = 4)), /slice 2 lies outside/],
    ['no ranges', damaged((words) => (words[HeaderWord.rangeCount] = 0)), /0 ranges/],
    ['more ranges than ports', damaged((words) => (words[HeaderWord.rangeCount] = 5)), /5 ranges/],
    // A slice with one port less; then the table's first range and its second, whose ends share a word each.
    ['slices that leave a port out', damaged((words) => (words[65] = 1)), /slices do not make up the pool/],
    ['port 0', damaged((words) => (words[76] = 20_001 * 0x1_00_00)), /port 0, or a reversed range/],
    ['a reversed range', damaged((words) => (words[76] = 20_002 + 20_000 * 0x1_00_00)), /a reversed range/],
    ['a port twice', damaged((words) => (words[77] = 20_000 * 0x1_00_01)), /name 3 different ports/],
    ['a port too many', damaged((words) => (words[76] = 20_000 + 20_003 * 0x1_00_00)), /name 5 different/],
  ])('is found out: %s', (_, buffer, problem) => {
    expect(findSegmentProblem(buffer)).toMatch(problem);
  });

  test('cannot take the place of what was checked, whatever is written there between the check and the use', () => {
    const buffer = bytesOf(smallPlan);
    const tables = copyTables(buffer);
    expect(findSegmentProblem(buffer, tables)).toBeUndefined();
    new Uint8Array(buffer).fill(0xff);
    const segment = new Segment(buffer, tables);
    expect(segment).toMatchObject(facts);
    expect([...segment.ports]).toEqual([...smallPlan.ports]);
    expect(segment.slices).toEqual(smallPlan.slices);
    expect(segment.states).toHaveLength(4);
    // Counts that were other ones while the tables were copied.
    const cut = copyTables(bytesOf(smallPlan)).slice(0, 300);
    expect(findSegmentProblem(bytesOf(smallPlan), cut)).toBe('somebody writes into it');
  });

  test('never makes the check throw, and what passes the check can be opened', () => {
    const anyChange = fc.record({
      word: fc.nat(80),
      value: fc.oneof(fc.integer(), fc.integer({ min: -2, max: 9 })),
    });
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 4 }), fc.nat(3000), (changes, byteLength) => {
        const whole = damaged((words) => {
          for (const { word, value } of changes) words[word] = value;
        });
        for (const buffer of [whole, whole.slice(0, byteLength)]) {
          if (findSegmentProblem(buffer) !== undefined) continue;
          const { slices, ports } = new Segment(buffer);
          for (const { firstIndex, portCount } of slices) {
            expect(firstIndex).toBeGreaterThanOrEqual(0);
            expect(firstIndex + portCount).toBeLessThanOrEqual(ports.length);
          }
        }
      }),
    );
  });
});

describe('a label', () => {
  test('whose writer died halfway is not shown, until the next owner writes its own', () => {
    const segment = new Segment(bytesOf(smallPlan));
    segment.writeLabel(1, 'first');
    // As if the process had ended inside writeLabel().
    segment.setRecord(1, RecordWord.labelSequence, segment.record(1, RecordWord.labelSequence) | 1);
    expect(segment.readLabel(1)).toBe('');
    segment.writeLabel(1, 'second');
    expect(segment.readLabel(1)).toBe('second');
  });

  test('of damaged length stays inside its record', () => {
    const segment = new Segment(bytesOf(smallPlan));
    segment.writeLabel(0, 'x'.repeat(MAX_LABEL_BYTES));
    segment.writeLabel(1, 'neighbour');
    segment.setRecord(0, RecordWord.labelBytes, 100_000);
    expect(segment.readLabel(0)).toBe('x'.repeat(MAX_LABEL_BYTES));
    segment.setRecord(0, RecordWord.labelBytes, -5);
    expect(segment.readLabel(0)).toBe('');
    expect(segment.readLabel(1)).toBe('neighbour');
  });

  test('of the last port lies inside the segment', () => {
    const segment = new Segment(bytesOf(smallPlan));
    segment.writeLabel(3, 'y'.repeat(MAX_LABEL_BYTES));
    expect(segment.readLabel(3)).toBe('y'.repeat(MAX_LABEL_BYTES));
  });

  test('sequence number that overflows still makes labels readable', () => {
    const segment = new Segment(bytesOf(smallPlan));
    segment.setRecord(0, RecordWord.labelSequence, 2 ** 31 - 2);
    segment.writeLabel(0, 'before');
    segment.writeLabel(0, 'after');
    expect(segment.readLabel(0)).toBe('after');
  });
});
