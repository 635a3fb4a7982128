/**
 * A process whose worker threads are terminated while they own ports. After each round everybody who is left wants all
 * ports of the pool at once. See threads.test.ts.
 */
import { once } from 'node:events';
import { fstatSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { PortPool, PortPoolExhaustedError, TCPPortOwner } from '../../src/index.ts';
import { platform } from '../../src/platform/platform.ts';
import { releaseClaim } from '../../src/pool/claim/release.ts';
import { claimOf } from '../support/claims.ts';
import { startBystander, type BystanderReport } from './bystander.ts';
import { reportToWatcher } from './watched.ts';

export interface ThreadsPlan {
  /** The ports of the pool, as a spec. */
  readonly spec: string;
  readonly portCount: number;
  readonly rounds: number;
  readonly threadsPerRound: number;
}

export interface ThreadsReport {
  readonly terminations: number;
  /** Of each round: what all ports could not be claimed for. */
  readonly failures: readonly string[];
  /** Rounds after which a port was locked by a thread that was gone. */
  readonly roundsWithOrphans: number;
  /** Rounds after which a thread had been terminated while it closed what others had left. */
  readonly roundsWithLeftMutex: number;
  readonly bystander: BystanderReport;
  /** How many descriptors the process has more than before, with all its threads ended. */
  readonly leftDescriptors: number;
}

type Act = 'own' | 'claim all';

const WAIT = { acquireTimeoutMs: 60_000 };
const MAX_LIFE_MS = 12;
const KEPT_OWNERS = 3;
const SCANNED_DESCRIPTORS = 4096;

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
const tell = (message: string): void => parentPort?.postMessage(message);

/** Claims, holds and releases in every way there is, until the thread is terminated. */
async function ownPorts(): Promise<void> {
  // The C library is bound by then: to be terminated in the middle of that ends the process, see bench/ffi-abort.ts.
  (await TCPPortOwner.acquire(WAIT)).cleanup();
  tell('ready');
  const owners: TCPPortOwner[] = [];
  for (let turn = 0; ; turn++) {
    try {
      if (turn % 5 === 4) owners.push(...(await TCPPortOwner.acquireMany(2, { acquireTimeoutMs: 0 })));
      else owners.push(new TCPPortOwner({ hold: turn % 7 !== 6 }));
    } catch (error) {
      if (!(error instanceof PortPoolExhaustedError)) throw error;
    }
    while (owners.length > Math.random() * 2 * KEPT_OWNERS)
      releaseClaim(claimOf(owners.shift() as TCPPortOwner), turn % 3 === 2);
  }
}

async function claimAll(portCount: number): Promise<string> {
  try {
    const owners = await TCPPortOwner.acquireMany(portCount, WAIT);
    for (const owner of owners) owner.cleanup();
    return 'done';
  } catch (error) {
    return String(error);
  }
}

const startThread = (act: Act, plan: ThreadsPlan): Worker =>
  new Worker(new URL(import.meta.url), { workerData: { act, plan } });

/** @returns how many */
async function terminateSome(plan: ThreadsPlan): Promise<number> {
  const threads = Array.from({ length: plan.threadsPerRound }, () => startThread('own', plan));
  await Promise.all(
    threads.map(async (thread) => {
      await once(thread, 'message');
      await sleep(Math.random() * MAX_LIFE_MS);
      await thread.terminate();
    }),
  );
  return threads.length;
}

/** Abstract names of this process's pool, of which the kernel tells where there is a /proc. */
function isBound(pattern: RegExp): boolean {
  try {
    return pattern.test(readFileSync('/proc/self/net/unix', 'latin1'));
  } catch {
    return false;
  }
}

function countDescriptors(): number {
  return Array.from({ length: SCANNED_DESCRIPTORS }, (_, descriptor) => descriptor).filter((descriptor) => {
    try {
      return fstatSync(descriptor) !== undefined;
    } catch {
      return false;
    }
  }).length;
}

async function runPlan(plan: ThreadsPlan, progress: () => void): Promise<ThreadsReport> {
  const pool = PortPool.create({ ports: plan.spec, workers: plan.threadsPerRound, restMs: 0 });
  process.env['PORTSLICE_POOL'] = pool.handle;
  new TCPPortOwner().cleanup();
  const locks = new RegExp(`@portslice/(${pool.ports.join('|')})$`, 'm');
  const mutex = new RegExp(`@portslice/orphans/${process.pid}/`);
  const before = countDescriptors();
  const bystander = await startBystander();
  const survivors = [startThread('claim all', plan), startThread('claim all', plan)];
  await Promise.all(survivors.map((thread) => once(thread, 'message')));
  const failures: string[] = [];
  let [terminations, roundsWithOrphans, roundsWithLeftMutex] = [0, 0, 0];
  for (let round = 0; round < plan.rounds; round++) {
    terminations += await terminateSome(plan);
    if (isBound(locks)) roundsWithOrphans++;
    if (isBound(mutex)) roundsWithLeftMutex++;
    // All at once, so that they also look for what is left at once.
    const answers = survivors.map((thread) => once(thread, 'message'));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    for (const thread of survivors) thread.postMessage('claim all');
    const results = [await claimAll(plan.portCount), ...(await Promise.all(answers)).map(String)];
    failures.push(...results.filter((result) => result !== 'done'));
    progress();
  }
  await Promise.all(survivors.map((thread) => thread.terminate()));
  const report = await bystander.stop();
  // Nobody needs what the last threads have left.
  platform.openKernel().closeOrphans();
  const leftDescriptors = countDescriptors() - before;
  pool.close();
  return {
    terminations,
    failures,
    roundsWithOrphans,
    roundsWithLeftMutex,
    bystander: report,
    leftDescriptors,
  };
}

if (isMainThread) {
  const watcher = reportToWatcher<ThreadsReport>();
  const plan = JSON.parse(process.argv[2] as string) as ThreadsPlan;
  watcher.report(await runPlan(plan, () => watcher.progress()));
} else {
  const { act, plan } = workerData as { act: Act; plan: ThreadsPlan };
  if (act === 'own') await ownPorts();
  parentPort?.on('message', () => void claimAll(plan.portCount).then(tell));
  tell('ready');
}
