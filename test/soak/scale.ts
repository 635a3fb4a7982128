/**
 * The proofs under faults and load run twice: in `npm test` with few repetitions, with all of them in `npm run test:soak`,
 * which sets this variable.
 */
export const isFull: boolean = process.env['PORTSLICE_SOAK'] === 'full';

/** How often to repeat: the first number in `npm test`, the second in `npm run test:soak`. */
export function repetitions(short: number, full: number): number {
  return isFull ? full : short;
}

/** The time-out of a test in milliseconds. */
export function soakTimeoutMs(shortMs: number, fullMs: number): number {
  return isFull ? fullMs : shortMs;
}
