/**
 * Puts steps in place of everything by which the product reaches outside of its thread: the atomic instructions on the
 * segment, signal 0, the list of descriptors, time. The product itself is loaded afterwards, unchanged.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import { interposeAtomics } from '../../support/seam.ts';

/** What takes the steps of the code that runs at the moment. */
export interface Steps {
  readonly buffer: ArrayBuffer;
  readonly nowMs: number;
  /** @returns undefined: the word decides nothing that others do, and the actor has its own copy */
  wordAt: (byteOffset: number) => number | undefined;
  load: (word: number) => number;
  store: (word: number, value: number) => void;
  add: (word: number, difference: number) => number;
  swap: (word: number, expected: number, desired: number) => number;
  isAlive: (threadId: number) => boolean;
  descriptors: () => number[];
  /** What is done when the thread waits for time to pass. */
  startTimeout: (act: () => void) => void;
  startInterval: (act: () => void) => void;
  warned: (code: string) => void;
}

export const stage: { steps: Steps | undefined } = { steps: undefined };

/**
 * The pool starts later than its actors run, so that for them all of its time is one moment: every order of releases is
 * one of simultaneous ones.
 */
const POOL_START_MS = 1e9;

/** Call it once, before the product is loaded. */
export function interpose(): void {
  interposeAtomics((name, args, act) => {
    const { steps } = stage;
    // To wait is to let others take their steps, which they may do at any time.
    if (name === 'wait' && steps !== undefined) return 'timed-out';
    const [words, index, first, second] = args as [Int32Array, number, number, number];
    const word = words.buffer === steps?.buffer ? steps.wordAt(words.byteOffset + index * 4) : undefined;
    return steps === undefined || word === undefined
      ? act(...args)
      : takeStep(steps, name, word, first, second);
  });
  interposeProcess();
  timers.setTimeout = ((act: () => void) => {
    stage.steps?.startTimeout(act);
  }) as unknown as typeof timers.setTimeout;
  timers.clearTimeout = () => undefined;
  timers.setInterval = ((act: () => void) => {
    stage.steps?.startInterval(act);
    return { unref: () => undefined };
  }) as unknown as typeof timers.setInterval;
  timers.clearInterval = () => undefined;
  timers.setImmediate = ((act: () => void) => {
    stage.steps?.startTimeout(act);
    return { unref: () => undefined };
  }) as unknown as typeof timers.setImmediate;
  const { readdirSync } = fs;
  fs.readdirSync = ((path: string, ...rest: []) =>
    stage.steps?.descriptors().map(String) ?? readdirSync(path, ...rest)) as typeof fs.readdirSync;
  syncBuiltinESMExports();
}

function takeStep(steps: Steps, name: string, word: number, first: number, second: number): number {
  switch (name) {
    case 'load':
      return steps.load(word);
    case 'store':
      steps.store(word, first);
      return first;
    case 'add':
      return steps.add(word, first);
    case 'compareExchange':
      return steps.swap(word, first, second);
    default:
      throw new Error(`Atomics.${name} is used on a word that actors share, and has no step.`);
  }
}

function interposeProcess(): void {
  process.hrtime = Object.assign(
    (): [number, number] => [Math.floor((stage.steps?.nowMs ?? POOL_START_MS) / 1000), 0],
    { bigint: () => 0n },
  );
  Date.now = () => 0;
  process.emitWarning = (_: unknown, options?: unknown) =>
    stage.steps?.warned((options as { code: string }).code);
  const kill = process.kill.bind(process);
  process.kill = (threadId, signal) => {
    if (stage.steps === undefined) return kill(threadId, signal);
    if (!stage.steps.isAlive(threadId)) throw Object.assign(new Error('kill ESRCH'), { code: 'ESRCH' });
    return true;
  };
}
