/**
 * Puts steps in place of everything by which the product reaches outside of its thread: the atomic instructions on the
 * segment, signal 0, the list of descriptors, time. The product itself is loaded afterwards, unchanged.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';

/** What takes the steps of the code that runs at the moment. */
export interface Steps {
  readonly buffer: ArrayBuffer;
  /** @returns undefined: the word decides nothing that others do, and the actor has its own copy */
  wordAt: (byteOffset: number) => number | undefined;
  load: (word: number) => number;
  store: (word: number, value: number) => void;
  add: (word: number, difference: number) => number;
  swap: (word: number, expected: number, desired: number) => number;
  isAlive: (threadId: number) => boolean;
  descriptors: () => number[];
  startTimer: (act: () => void) => void;
}

export const stage: { steps: Steps | undefined } = { steps: undefined };

/** All of them on the same clock, which stands still: every order of releases is one of simultaneous ones. */
const NOW: [number, number] = [0, 1_000_000];
const INSTRUCTIONS = Atomics;

type Words = Int32Array<ArrayBuffer>;

/** Call it once, before the product is loaded. */
export function interpose(): void {
  globalThis.Atomics = Object.assign(Object.create(INSTRUCTIONS) as typeof Atomics, {
    load: (words: Words, index: number) =>
      onWord(words, index, (steps, word) => steps.load(word)) ?? INSTRUCTIONS.load(words, index),
    store: (words: Words, index: number, value: number) =>
      onWord(words, index, (steps, word) => (steps.store(word, value), value)) ??
      INSTRUCTIONS.store(words, index, value),
    add: (words: Words, index: number, difference: number) =>
      onWord(words, index, (steps, word) => steps.add(word, difference)) ??
      INSTRUCTIONS.add(words, index, difference),
    compareExchange: (words: Words, index: number, expected: number, desired: number) =>
      onWord(words, index, (steps, word) => steps.swap(word, expected, desired)) ??
      INSTRUCTIONS.compareExchange(words, index, expected, desired),
    // To wait is to let others take their steps, which they may do at any time.
    wait: (words: Words, index: number, value: number, timeoutMs: number) =>
      stage.steps === undefined ? INSTRUCTIONS.wait(words, index, value, timeoutMs) : 'timed-out',
  });
  interposeProcess();
  timers.setInterval = ((act: () => void) => {
    stage.steps?.startTimer(act);
    return { unref: () => undefined };
  }) as unknown as typeof timers.setInterval;
  timers.clearInterval = () => undefined;
  // What is done when the thread is idle has no part in any decision.
  timers.setImmediate = (() => ({ unref: () => undefined })) as unknown as typeof timers.setImmediate;
  const { readdirSync } = fs;
  fs.readdirSync = ((path: string, ...rest: []) =>
    stage.steps?.descriptors().map(String) ?? readdirSync(path, ...rest)) as typeof fs.readdirSync;
  syncBuiltinESMExports();
}

function interposeProcess(): void {
  process.hrtime = Object.assign(() => NOW, { bigint: () => 0n });
  performance.now = () => 0;
  process.emitWarning = () => undefined;
  const kill = process.kill.bind(process);
  process.kill = (threadId, signal) => {
    if (stage.steps === undefined) return kill(threadId, signal);
    if (!stage.steps.isAlive(threadId)) throw Object.assign(new Error('kill ESRCH'), { code: 'ESRCH' });
    return true;
  };
}

function onWord<T>(words: Words, index: number, act: (steps: Steps, word: number) => T): T | undefined {
  const { steps } = stage;
  if (steps === undefined || words.buffer !== steps.buffer) return undefined;
  const word = steps.wordAt(words.byteOffset + index * 4);
  return word === undefined ? undefined : act(steps, word);
}
