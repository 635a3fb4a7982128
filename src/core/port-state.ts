/**
 * The state word of a port: the one 32-bit value that every transition compares and swaps.
 * Low 4 bits: the state. High 28 bits: the generation, one more with each claim, so that whoever acts on an
 * earlier claim of the same port fails its swap.
 */

export const PortState = { free: 0, claiming: 1, held: 2, releasing: 3, sealed: 4 } as const;
export type PortState = (typeof PortState)[keyof typeof PortState];
export type PortStateName = keyof typeof PortState;

const STATE_BITS = 4;
const STATE_MASK = (1 << STATE_BITS) - 1;
const STATE_NAMES: readonly PortStateName[] = ['free', 'claiming', 'held', 'releasing', 'sealed'];

/** The word of a port that nobody has ever claimed. */
export const NEVER_USED_WORD = 0;

export function stateOf(word: number): number {
  return word & STATE_MASK;
}

/** The state's name; a word whose state bits mean nothing (damage) counts as held: only the kernel can tell. */
export function stateNameOf(word: number): PortStateName {
  return STATE_NAMES[stateOf(word)] ?? 'held';
}

/** The same claim in another state. */
export function withState(word: number, state: PortState): number {
  return (word & ~STATE_MASK) | state;
}

/** The word of the next claim of a port whose word is `word`. */
export function nextClaim(word: number): number {
  return (withState(word, PortState.claiming) + (1 << STATE_BITS)) | 0;
}
