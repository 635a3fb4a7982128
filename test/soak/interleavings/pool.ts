/** The pool of a scenario, made by the product, and where its shared words are. */
import { readCounts } from '../../../src/core/segment-format.ts';
import {
  HeaderWord,
  RECORD_BYTES,
  RecordWord,
  segmentOffsets,
  SLICE_WORDS,
  SliceWord,
} from '../../../src/core/segment-layout.ts';
import { PortPool } from '../../../src/index.ts';
import { platform } from '../../../src/platform/platform.ts';
import type { PortKernel } from '../../../src/platform/port-kernel.ts';
import type { ModelKernel } from './model-kernel.ts';
import { forgetThread } from './private-state.ts';
import type { Scenario } from './scenario.ts';

const FIRST_PORT = 20_001;
/** In place of a word of the model: how many claims are of other slices than the claimant's. Decides nothing. */
export const BORROWED_WORD = -2;

export function indexOf(port: number): number {
  return port - FIRST_PORT;
}

export interface Pool {
  readonly handle: string;
  readonly image: ArrayBuffer;
  /** The model's words by their place in the image. */
  readonly words: ReadonlyMap<number, number>;
}

export function createPool(scenario: Scenario, model: ModelKernel): Pool {
  let image = new ArrayBuffer(0);
  const kernel = {
    threadId: process.pid,
    networkNamespace: () => 'model',
    randomBytes: (byteLength: number) => Buffer.alloc(byteLength),
    createMemory: (byteLength: number) => {
      image = new ArrayBuffer(byteLength);
      const locator = 'model';
      return { buffer: image, locator, descriptor: 3, announce: () => undefined, close: () => undefined };
    },
    takeName: () => undefined,
    hasIPv6: () => true,
    findHoldProblem: () => undefined,
    findLockProblem: () => undefined,
  };
  platform.openKernel = () => kernel as unknown as PortKernel;
  const { portCount, restMs } = scenario;
  // Four slices: with two ports, two of them have one each.
  const ports = `${FIRST_PORT}-${FIRST_PORT + portCount - 1}`;
  const { handle } = PortPool.create({ ports, workers: 1, restMs });
  forgetThread();
  return { handle, image, words: findWords(scenario, model, image) };
}

function findWords(scenario: Scenario, model: ModelKernel, image: ArrayBuffer): ReadonlyMap<number, number> {
  const { portCount, actors, stranger, abilities } = scenario;
  const counts = readCounts(image);
  const offsets = segmentOffsets(counts);
  const words = new Map([[HeaderWord.borrowedClaims * 4, BORROWED_WORD]]);
  // A thorough look asks the kernel only.
  const asksWhoLives = actors.some(({ statements }) => !statements.includes('claim thoroughly'));
  for (let port = 0; port < portCount; port++) {
    words.set(offsets.states + port * 4, model.words.states + port);
    words.set(offsets.releasedAtMs + port * 4, model.words.releasedAtMs + port);
    const record = offsets.records + port * RECORD_BYTES;
    if (asksWhoLives) words.set(record + RecordWord.threadId * 4, model.words.threads + port);
  }
  for (let slice = 0; scenario.sharesSlices && slice < counts.sliceCount; slice++) {
    const row = offsets.slices + slice * SLICE_WORDS * 4;
    words.set(row + SliceWord.ownerThreadId * 4, model.words.sliceOwners + slice);
  }
  if (scenario.counts) words.set(HeaderWord.currentClaims * 4, model.words.currentClaims);
  // Looked at only by those who have sealed ports: after a failed test, or since somebody listens, a stranger too where nothing holds them.
  const seals =
    (stranger && abilities.holds === 'never') ||
    actors.some(({ statements }) =>
      statements.some((statement) => statement.startsWith('listen') || statement === 'release sealed'),
    );
  if (seals) words.set(HeaderWord.pressure * 4, model.words.pressure);
  return words;
}
