/** What the two parties of the memory conformance suite do with a segment, each in its own thread or process. */
import { nextClaim } from '../../../src/core/port-state.ts';
import { HeaderWord } from '../../../src/core/segment-layout.ts';
import type { Segment } from '../../../src/core/segment.ts';

const LIMIT_MS = 10_000;

/** Waits until that many have come in all: only then is what follows concurrent. */
function meet(segment: Segment, arrivals: number): void {
  segment.addToHeader(HeaderWord.pressure, 1);
  const deadlineMs = performance.now() + LIMIT_MS;
  while (segment.header(HeaderWord.pressure) < arrivals)
    if (performance.now() > deadlineMs) throw new Error('The other party has not come.');
}

const segmentActions = {
  read: (segment: Segment, index: number) => ({
    state: segment.states[index],
    releasedAtMs: segment.releasedAtMs[index],
    label: segment.readLabel(index),
    owner: segment.sliceOwner(1),
    runId: segment.runId,
    ports: [...segment.ports],
  }),
  transition: (segment: Segment, index: number, expected: number, desired: number) =>
    segment.transition(index, expected, desired),
  takeSlice: (segment: Segment, slice: number, expected: number, thread: number) =>
    segment.takeSlice(slice, expected, thread),
  addMany: (segment: Segment, parties: number, times: number): void => {
    meet(segment, parties);
    for (let time = 0; time < times; time++) segment.addToHeader(HeaderWord.leaks, 1);
  },
  /** @returns how often the highest value was lower than what had just been raised to */
  raiseMany: (segment: Segment, parties: number, side: 0 | 1, rounds: number): number => {
    let tooLow = 0;
    for (let round = 1; round <= rounds; round++) {
      // Side by side in every round, or the quicker party would be alone soon.
      meet(segment, parties * round);
      segment.raiseHeader(HeaderWord.peakClaims, round * 2 + side);
      if (segment.header(HeaderWord.peakClaims) < round * 2 + side) tooLow++;
    }
    return tooLow;
  },
  /** Increments, without any atomic operation, a word that is guarded by the claim of port 0. */
  countWhileClaimed: (segment: Segment, parties: number, times: number): void => {
    meet(segment, parties);
    for (let time = 0; time < times;) {
      if (!segment.transition(0, 0, nextClaim(0))) continue;
      segment.releasedAtMs[0] = (segment.releasedAtMs[0] as number) + 1;
      if (!segment.transition(0, nextClaim(0), 0)) throw new Error('Somebody else has changed our word.');
      time++;
    }
  },
  /** @returns the indexes that this party has claimed */
  claimAll: (segment: Segment, parties: number): number[] => {
    meet(segment, parties);
    return [...segment.states.keys()].filter((index) => segment.transition(index, 0, nextClaim(0)));
  },
  /** @returns how many flags this party was the first to set */
  flagAll: (segment: Segment, parties: number, firstWord: number, wordCount: number): number => {
    let first = 0;
    for (let word = 0; word < wordCount; word++) {
      meet(segment, parties * (word + 1));
      for (let bit = 0; bit < 31; bit++) if (segment.setFlagOnce(firstWord + word, bit)) first++;
    }
    return first;
  },
  relabel: (segment: Segment, parties: number, labels: readonly string[], rounds: number): void => {
    meet(segment, parties);
    for (let round = 0; round < rounds; round++)
      segment.writeLabel(0, labels[round % labels.length] as string);
  },
  /** @returns every label that was ever seen, once each */
  readLabels: (segment: Segment, parties: number, rounds: number): string[] => {
    meet(segment, parties);
    const seen = new Set<string>();
    for (let round = 0; round < rounds; round++) seen.add(segment.readLabel(0));
    return [...seen];
  },
};

type Actions = typeof segmentActions;
type WithoutSegment<Parameters> = Parameters extends [Segment, ...infer Rest] ? Rest : never;

/** The segment as another party has it open. */
export type RunAction = <Name extends keyof Actions>(
  name: Name,
  ...args: WithoutSegment<Parameters<Actions[Name]>>
) => Promise<ReturnType<Actions[Name]>>;

export function actionsOn(segment: Segment): RunAction {
  return (async (name: keyof Actions, ...args: unknown[]) =>
    (segmentActions[name] as (...all: unknown[]) => unknown)(segment, ...args)) as RunAction;
}
