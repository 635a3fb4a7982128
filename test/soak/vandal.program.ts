/** A process of the same user that maps a live segment and writes into it until it is told to stop. See damage.test.ts. */
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { platform } from '../../src/platform/platform.ts';
import { programConfig, serve } from '../support/serve.ts';

/** Bytes of the segment: `[from, to)`. */
export type Extent = readonly [from: number, to: number];

export interface VandalConfig {
  readonly processId: number;
  readonly descriptor: number;
  /** What is damaged; the rest is not touched. */
  readonly extents: readonly Extent[];
}

export interface Vandalism {
  readonly writtenBytes: number;
  /** How often the kernel has refused to change the size, and how often not. */
  readonly refusedTruncations: number;
  readonly truncations: number;
}

const { processId, descriptor, extents } = programConfig() as VandalConfig;
const { buffer } = platform.openKernel().attachMemory(`memfd:${processId}:${descriptor}`, 'of the vandal');
const bytes = new Uint8Array(buffer);
const whole = bytes.slice();
const file = openSync(`/proc/${processId}/fd/${descriptor}`, 'r+');
const sizes = [0, 1, 255, 4096, bytes.length - 1, bytes.length + 1, bytes.length * 2];
const vandalism = { writtenBytes: 0, refusedTruncations: 0, truncations: 0 };
const end = new AbortController();

const below = (limit: number): number => Math.floor(Math.random() * limit);
const oneOf = <T>(choices: readonly T[]): T => choices[below(choices.length)] as T;

const commands = {
  damage: async (): Promise<Vandalism> => {
    while (!end.signal.aborted) {
      await oneOf([scatter, hammer, hammer, wipe])();
      tryToTruncate(oneOf(sizes));
      if (below(2) !== 0) continue;
      // A while in which newcomers find nothing wrong.
      heal();
      await sleep(below(6));
    }
    closeSync(file);
    return vandalism;
  },
  stop: (): void => end.abort(),
};
export type VandalCommands = typeof commands;
serve(commands);

/** A burst of single bytes, and a pause. */
async function scatter(): Promise<void> {
  for (let count = 1 + below(60); count > 0; count--) damage();
  await sleep(below(4));
}

/**
 * Damaged for some microseconds, whole for some microseconds, and so on: whoever checks the tables just now may find them
 * right, and reads them wrong afterwards.
 */
async function hammer(): Promise<void> {
  const endMs = performance.now() + below(40);
  while (performance.now() < endMs) {
    damage();
    spin(below(2000));
    heal();
    spin(below(4000));
  }
  await sleep(1);
}

function spin(turns: number): void {
  for (let turn = 0; turn < turns; turn++) Atomics.load(bytes, 0);
}

/** Everything becomes zeros, ones or noise. */
async function wipe(): Promise<void> {
  const value = oneOf([0, 0xff, undefined]);
  for (const [from, to] of extents) {
    for (let at = from; at < to; at++) bytes[at] = value ?? below(256);
    vandalism.writtenBytes += to - from;
  }
  await sleep(below(4));
}

function damage(): void {
  const [from, to] = oneOf(extents);
  const at = from + below(to - from);
  bytes[at] = below(2) === 0 ? (bytes[at] as number) ^ (1 << below(8)) : below(256);
  vandalism.writtenBytes++;
}

/** As it was at the start. */
function heal(): void {
  for (const [from, to] of extents) bytes.set(whole.subarray(from, to), from);
}

function tryToTruncate(byteLength: number): void {
  try {
    ftruncateSync(file, byteLength);
    vandalism.truncations++;
  } catch {
    vandalism.refusedTruncations++;
  }
}
