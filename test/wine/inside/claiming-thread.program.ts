/**
 * Claims one port after the other, until it is terminated. See threads.inside.ts. It says that it is ready after its first port:
 * a thread that is terminated while koffi initialises takes its process with it (docs/how-it-works.md, limits).
 */
import { parentPort, workerData } from 'node:worker_threads';
import { TCPPortOwner } from 'portslice';

export interface ClaimingThreadConfig {
  readonly number: number;
  readonly owners: Int32Array;
  readonly dead: Int32Array;
  readonly counts: Int32Array;
}

const DEATH_IS_NOTED_WITHIN_MS = 60_000;
const { number, owners, dead, counts } = workerData as ClaimingThreadConfig;

await claimOnce();
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
parentPort?.postMessage('ready');
for (;;) await claimOnce();

async function claimOnce(): Promise<void> {
  const owner = await TCPPortOwner.acquire({ acquireTimeoutMs: 60_000 });
  enter(owner.port);
  // Lets others run, and the termination come, while the port is ours.
  await new Promise(setImmediate);
  if (Atomics.compareExchange(owners, owner.port, number, 0) !== number) Atomics.add(counts, 1, 1);
  owner.cleanup();
  Atomics.add(counts, 0, 1);
}

/** Whoever had the port has given it back, or is dead: terminated a moment ago, and about to be noted. */
function enter(port: number): void {
  const before = Atomics.exchange(owners, port, number);
  if (before !== 0 && Atomics.wait(dead, before, 0, DEATH_IS_NOTED_WITHIN_MS) === 'timed-out')
    Atomics.add(counts, 1, 1);
}
