import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  NEVER_USED_WORD,
  nextClaim,
  PortState,
  stateNameOf,
  stateOf,
  withState,
} from '../../src/core/port-state.ts';

const anyWord = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const anyState = fc.constantFrom(...Object.values(PortState));
const expectInt32 = (word: number): void => expect(Int32Array.of(word)[0]).toBe(word);
const generationOf = (word: number): number => word >>> 4;

describe('the state word', () => {
  test('a port that nobody has claimed is free', () => {
    expect(stateNameOf(NEVER_USED_WORD)).toBe('free');
  });

  test('a change of state keeps the generation', () => {
    fc.assert(
      fc.property(anyWord, anyState, (word, state) => {
        const changed = withState(word, state);
        expect(stateOf(changed)).toBe(state);
        expect(generationOf(changed)).toBe(generationOf(word));
      }),
    );
  });

  test('each claim has the next of 2^28 generations, whatever the state before', () => {
    fc.assert(
      fc.property(anyWord, (word) => {
        const claimed = nextClaim(word);
        expect(stateNameOf(claimed)).toBe('claiming');
        expect(generationOf(claimed)).toBe((generationOf(word) + 1) % 2 ** 28);
      }),
    );
  });

  test('every word is what an Int32Array gives back, also where the generation overflows', () => {
    fc.assert(
      fc.property(anyWord, anyState, (word, state) => {
        expectInt32(withState(word, state));
        expectInt32(nextClaim(word));
      }),
    );
    expectInt32(nextClaim(-1));
    expectInt32(nextClaim(2 ** 31 - 1));
  });

  test('whoever acts on an earlier claim has another word in every state', () => {
    fc.assert(
      fc.property(anyWord, anyState, anyState, (word, state, laterState) => {
        const mine = withState(word, state);
        expect(withState(nextClaim(mine), laterState)).not.toBe(mine);
      }),
    );
  });

  test('the names are those of the states, and damaged state bits count as held', () => {
    for (const [name, state] of Object.entries(PortState))
      expect(stateNameOf(withState(-1, state))).toBe(name);
    for (let damaged = 5; damaged < 16; damaged++) expect(stateNameOf(damaged)).toBe('held');
  });
});
