/** Starts a thread that opens, checks and closes other descriptors of this process while the test goes on. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

export interface BystanderOrders {
  readonly folder: string;
  /** Not 0: come to an end. */
  readonly stop: Int32Array;
}

export interface BystanderReport {
  /** How many descriptors it has opened, and has found to be its own until it closed them. */
  readonly opened: number;
  /** What was closed or replaced by somebody else. */
  readonly disturbed: readonly string[];
}

export interface Bystander {
  stop(): Promise<BystanderReport>;
}

export async function startBystander(): Promise<Bystander> {
  const folder = mkdtempSync(path.join(tmpdir(), 'portslice-bystander-'));
  const orders: BystanderOrders = { folder, stop: new Int32Array(new SharedArrayBuffer(4)) };
  const thread = new Worker(new URL('bystander.program.ts', import.meta.url), {
    workerData: orders,
    // It closes what Node has not opened.
    trackUnmanagedFds: false,
  });
  await once(thread, 'message');
  return {
    stop: async () => {
      const ended = once(thread, 'exit');
      const reported = once(thread, 'message') as Promise<[BystanderReport]>;
      Atomics.store(orders.stop, 0, 1);
      const [report] = await reported;
      await ended;
      rmSync(folder, { recursive: true });
      return report;
    },
  };
}
