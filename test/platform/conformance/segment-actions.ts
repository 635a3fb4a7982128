/** What the two parties of the memory conformance suite do with a segment, each in its own thread or process. */
import { nextClaim } from '../../../src/core/port-state.ts';
import { HeaderWord } from '../../../src/core/segment-layout.ts';
import type { Segment } from '../../../src/core/segment.ts';

const LIMIT_MS = 10_000;

/** Waits until that many parties have come: only then is what follows concurrent. */
function meet(segment: Segment, parties: number): void {
  segment.addToHeader(HeaderWord.pressure, 1);
  const deadlineMs = performance.now() + LIMIT_MS;
  while (segment.header(HeaderWord.pressure) < parties)
    if (performance.now() > deadlineMs) throw new Error('The other party has not come.');
}

export const segmentActions = {
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
  raiseMany: (segment: Segment, parties: number, first: number, step: number, last: number): number => {
    meet(segment, parties);
    let tooLow = 0;
    for (let value = first; value <= last; value += step) {
      segment.raiseHeader(HeaderWord.peakClaims, value);
      if (segment.header(HeaderWord.peakClaims) < value) tooLow++;
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
  /** @returns the flags that this party was the first to set, numbered through */
  flagAll: (segment: Segment, parties: number, firstWord: number, wordCount: number): number[] => {
    meet(segment, parties);
    const flags = Array.from({ length: wordCount * 31 }, (_, flag) => flag);
    return flags.filter((flag) => segment.setFlagOnce(firstWord + Math.floor(flag / 31), flag % 31));
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
