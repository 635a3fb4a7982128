/** What a segment needs of the memory that it lies in. Instantiated for each kind of memory. */
import { describe, expect, test } from 'vitest';
import { PortList } from '../../../src/core/port-list.ts';
import { countsOf, writeSegment } from '../../../src/core/segment-format.ts';
import { segmentOffsets, HeaderWord, MAX_LABEL_BYTES } from '../../../src/core/segment-layout.ts';
import { Segment } from '../../../src/core/segment.ts';
import { planPool } from '../../../src/core/slices.ts';
import type { CreatedMemory, PortKernel } from '../../../src/platform/port-kernel.ts';
import type { KernelPeer } from '../../support/kernel-peer.ts';
import { actionsOn, type RunAction } from './segment-actions.ts';

interface MemoryUnderTest extends AsyncDisposable {
  /** Zeroed, of exactly the size that was asked for. */
  readonly buffer: ArrayBuffer;
  /** Opens the segment that was written there for a second time, as far away as this kind of memory reaches. */
  open(): Promise<RunAction>;
}

export interface MemoryBackend {
  /** Whether the two parties really run at the same time. */
  readonly isConcurrent: boolean;
  readonly create: (byteLength: number) => Promise<MemoryUnderTest>;
}

/** Memory of a kernel, which a peer maps. */
export function mappedByAPeer(kernel: PortKernel, peer: () => KernelPeer): MemoryBackend {
  return {
    isConcurrent: true,
    create: (byteLength) =>
      createMapped(kernel, byteLength, async ({ locator }) => {
        await peer().tell.openSegment(locator);
        return peer().segment;
      }),
  };
}

/** Memory of a kernel, which the same process maps once more. */
export function mappedTwice(kernel: PortKernel): MemoryBackend {
  return {
    isConcurrent: false,
    create: (byteLength) =>
      createMapped(kernel, byteLength, async ({ locator }) =>
        actionsOn(new Segment(kernel.attachMemory(locator, 'the handle').buffer)),
      ),
  };
}

async function createMapped(
  kernel: PortKernel,
  byteLength: number,
  open: (memory: CreatedMemory) => Promise<RunAction>,
): Promise<MemoryUnderTest> {
  const memory = kernel.createMemory(byteLength);
  return {
    buffer: memory.buffer,
    open: () => open(memory),
    [Symbol.asyncDispose]: async () => memory.close(),
  };
}

const PORT_COUNT = 2000;
const plan = planPool(new PortList([{ firstPort: 20_000, lastPort: 20_000 + PORT_COUNT - 1 }]), 3, 0.25);
const facts = {
  runId: '000000000000000000000000deadbeef',
  creatorProcessId: 1,
  networkNamespace: 'cookie:1',
  restMs: 1000,
  startMonotonicMs: 1,
  startEpochMs: 2,
};

interface Parties extends AsyncDisposable {
  readonly segment: Segment;
  readonly here: RunAction;
  readonly there: RunAction;
}

export function describeSegmentMemory(name: string, { isConcurrent, create }: MemoryBackend): void {
  const parties = isConcurrent ? 2 : 1;

  async function openBoth(): Promise<Parties> {
    const memory = await create(segmentOffsets(countsOf(plan)).byteLength);
    writeSegment(memory.buffer, facts, plan);
    const segment = new Segment(memory.buffer);
    const there = await memory.open();
    return {
      segment,
      here: actionsOn(segment),
      there,
      [Symbol.asyncDispose]: () => memory[Symbol.asyncDispose](),
    };
  }

  describe(`a segment in ${name}`, () => {
    test('begins as zeroed memory of exactly the size that was asked for', async () => {
      for (const byteLength of [4096, 4097, 100_000]) {
        await using memory = await create(byteLength);
        expect(memory.buffer.byteLength).toBe(byteLength);
        expect(new Uint8Array(memory.buffer).every((byte) => byte === 0)).toBe(true);
      }
    });

    test('shows the other party everything that was written', async () => {
      await using both = await openBoth();
      both.segment.writeLabel(7, 'größer');
      both.segment.transition(7, 0, 0x7f_ff_ff_f2);
      both.segment.releasedAtMs[7] = 4_000_000_000;
      both.segment.takeSlice(1, 0, 99);
      expect(await both.there('read', 7)).toEqual({
        state: 0x7f_ff_ff_f2,
        releasedAtMs: 4_000_000_000,
        label: 'größer',
        owner: 99,
        runId: facts.runId,
        ports: [...plan.ports],
      });
    });

    test('lets a swap succeed only from the word that is there, whoever has written it', async () => {
      await using both = await openBoth();
      expect(await both.there('transition', 5, 0, 17)).toBe(true);
      expect(both.segment.transition(5, 0, 33)).toBe(false);
      expect(both.segment.states[5]).toBe(17);
      expect(both.segment.transition(5, 17, 33)).toBe(true);
      expect(await both.there('transition', 5, 17, 49)).toBe(false);
      expect(await both.there('takeSlice', 2, 0, 11)).toBe(true);
      expect(both.segment.takeSlice(2, 0, 12)).toBe(false);
      expect(both.segment.sliceOwner(2)).toBe(11);
    });

    test('gives every port to exactly one of two claimers', async () => {
      await using both = await openBoth();
      const theirs = both.there('claimAll', parties);
      const won = [...(await both.here('claimAll', parties)), ...(await theirs)];
      expect(won.toSorted((a, b) => a - b)).toEqual([...both.segment.states.keys()]);
    });

    test('loses no increment', async () => {
      await using both = await openBoth();
      await Promise.all([
        both.there('addMany', parties, 5_000_000),
        both.here('addMany', parties, 5_000_000),
      ]);
      expect(both.segment.header(HeaderWord.leaks)).toBe(10_000_000);
    });

    test('keeps the highest of all values', async () => {
      await using both = await openBoth();
      const theirs = both.there('raiseMany', parties, 0, 1000);
      expect(await both.here('raiseMany', parties, 1, 1000)).toBe(0);
      expect(await theirs).toBe(0);
      expect(both.segment.header(HeaderWord.peakClaims)).toBe(2001);
      both.segment.raiseHeader(HeaderWord.peakClaims, 5);
      expect(both.segment.header(HeaderWord.peakClaims)).toBe(2001);
    });

    test('lets only one party at a time have a port', async () => {
      await using both = await openBoth();
      const theirs = both.there('countWhileClaimed', parties, 2_000_000);
      await both.here('countWhileClaimed', parties, 2_000_000);
      await theirs;
      expect(both.segment.releasedAtMs[0]).toBe(4_000_000);
    });

    test('lets each flag be set by exactly one', async () => {
      await using both = await openBoth();
      // Any words will do: here those of the records.
      const firstWord = segmentOffsets(countsOf(plan)).records / 4;
      const theirs = both.there('flagAll', parties, firstWord, 300);
      const mine = await both.here('flagAll', parties, firstWord, 300);
      expect(mine + (await theirs)).toBe(9300);
      expect(both.segment.setFlagOnce(firstWord + 299, 30)).toBe(false);
    });

    test('shows a label whole or not at all while its owner changes it', async () => {
      await using both = await openBoth();
      const labels = ['a'.repeat(MAX_LABEL_BYTES), 'b'.repeat(100), 'c'];
      const written = both.there('relabel', parties, labels, 30_000);
      const seen = await both.here('readLabels', parties, 30_000);
      await written;
      expect(seen.filter((label) => label !== '' && !labels.includes(label))).toEqual([]);
      expect(both.segment.readLabel(0)).toBe(labels[(30_000 - 1) % 3]);
    });
  });
}
