/** A process of the million claims: its main thread claims, and so do the worker threads that it starts. See million.ts. */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { isMainThread, parentPort, threadId, Worker, workerData } from 'node:worker_threads';
import type * as Portslice from '../../src/index.ts';
import { ClaimLog } from './claim-log.ts';
import { Claimant, type Tally } from './claimant.ts';
import { obey } from './peer.ts';

export interface ClaimsWorkerConfig {
  /** The URL of the package's entry, so that a test build can take its place. */
  readonly source: string;
  readonly logFolder: string;
  readonly claimsEach: number;
  readonly threads: number;
  /** Of the process in its run, from 0; the threads' numbers follow it. */
  readonly parallelIndex: number;
}

export interface WorkerReport {
  readonly tallies: readonly Tally[];
  readonly warnings: readonly string[];
  /** Open in the process before the first claim and after the last. */
  readonly descriptors: { readonly before: number; readonly after: number };
}

const config = (isMainThread ? JSON.parse(process.argv[2] as string) : workerData) as ClaimsWorkerConfig;
const warnings: string[] = [];
// Of the threads too: they come through the process.
process.on('warning', ({ name, message }) => warnings.push(`${name}: ${message}`));
const { TCPPortOwner, portAllocationStats } = (await import(config.source)) as typeof Portslice;
// Opens the pool.
portAllocationStats();

const name = `${process.pid}-${threadId}`;
const log = new ClaimLog(path.join(config.logFolder, `owner-${name}`));
const claim = (): Promise<Tally> => new Claimant(name, TCPPortOwner, log).claim(config.claimsEach);

if (isMainThread) {
  const threads: Worker[] = [];
  for (let number = 1; number <= config.threads; number++) threads.push(await startThread(number));
  obey({
    claim: async (): Promise<WorkerReport> => {
      const before = countDescriptors();
      const tallies = await Promise.all([claim(), ...threads.map(tellThread)]);
      return { tallies, warnings, descriptors: { before, after: countDescriptors() } };
    },
  });
} else {
  parentPort?.on('message', () => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
    void claim().then((tally) => parentPort?.postMessage(tally));
  });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
  parentPort?.postMessage('ready');
}

async function startThread(number: number): Promise<Worker> {
  const env = { ...process.env, TEST_PARALLEL_INDEX: String(config.parallelIndex + number) };
  const thread = new Worker(new URL(import.meta.url), { workerData: config, env });
  await once(thread, 'message');
  return thread;
}

async function tellThread(thread: Worker): Promise<Tally> {
  const answered = once(thread, 'message') as Promise<[Tally]>;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  thread.postMessage('claim');
  const [tally] = await answered;
  return tally;
}

function countDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
