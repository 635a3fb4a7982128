/** Random numbers that can be had again: the seed of a failed run, given in PORTSLICE_SEED, repeats its choices. */

export type Random = (below: number) => number;

/** Printed by the tests that use it. */
export const seed: number = Number(process.env['PORTSLICE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** @returns integers from 0 to below `below` (mulberry32) */
export function randomFrom(start: number): Random {
  let state = start | 0;
  return (below) => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
