/** A process that terminates worker threads around their first allocation, and prints a line before each. See ffi-abort.ts. */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { TCPPortOwner } from '../src/index.ts';

export interface Lives {
  /** The first port is allocated at a random moment of that time from the start. */
  readonly firstPortWithinMs: number;
  /** The thread is terminated at a random moment of that time, from the start or from when it has its first port. */
  readonly from: 'start' | 'end';
  readonly withinMs: number;
}

/** Words that main and thread share. */
const STARTED = 0;
const HAS_PORT = 1;
const NEVER = 2;

const word = { start: STARTED, end: HAS_PORT } as const;

function sleep(words: Int32Array, durationMs: number): void {
  Atomics.wait(words, NEVER, 0, durationMs);
}

function tell(words: Int32Array, index: number): void {
  Atomics.store(words, index, 1);
  Atomics.notify(words, index);
}

async function terminateOne({ firstPortWithinMs, from, withinMs }: Lives): Promise<void> {
  const words = new Int32Array(new SharedArrayBuffer(12));
  const firstPortAfterMs = Math.random() * firstPortWithinMs;
  const thread = new Worker(new URL(import.meta.url), { workerData: { words, firstPortAfterMs } });
  const ended = once(thread, 'exit');
  await once(thread, 'online');
  Atomics.wait(words, word[from], 0);
  const lifeMs = Math.random() * withinMs;
  const startMs = performance.now();
  // A sleep would be too coarse for the last bit.
  if (lifeMs > 2) sleep(words, lifeMs - 2);
  while (performance.now() - startMs < lifeMs);
  writeSync(1, '.\n');
  void thread.terminate();
  await ended;
}

if (isMainThread) {
  const { terminations, ...lives } = JSON.parse(process.argv[2] as string) as Lives & {
    terminations: number;
  };
  for (let turn = 0; turn < terminations; turn++) await terminateOne(lives);
} else {
  const { words, firstPortAfterMs } = workerData as { words: Int32Array; firstPortAfterMs: number };
  tell(words, STARTED);
  sleep(words, firstPortAfterMs);
  const owner = new TCPPortOwner();
  tell(words, HAS_PORT);
  setInterval(() => owner.port, 1000);
}
