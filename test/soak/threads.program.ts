/**
 * A process whose worker threads are terminated while they own ports. After each round everybody who is left wants all
 * ports of the pool at once. See threads.test.ts.
 */
import { fstatSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import { PortPool, PortPoolExhaustedError, TCPPortOwner } from '../../src/index.ts';
import { platform } from '../../src/platform/platform.ts';
import { releaseSealed } from '../support/pool-internals.ts';
import { type Program, startThread } from '../support/program.ts';
import { programConfig, serve } from '../support/serve.ts';
import type { BystanderCommands, BystanderReport } from './bystander.program.ts';

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

const WAIT = { acquireTimeoutMs: 60_000 };
const MAX_LIFE_MS = 12;
const KEPT_OWNERS = 3;
const SCANNED_DESCRIPTORS = 4096;

const plan = programConfig() as ThreadsPlan;

let tellOwned = (): void => undefined;
const owned = new Promise<void>((resolve) => (tellOwned = resolve));

/** Claims, holds and releases in every way there is, until the thread is terminated. */
async function ownPorts(): Promise<never> {
  const owners: TCPPortOwner[] = [];
  for (let turn = 0; ; turn++) {
    try {
      if (turn % 5 === 4) owners.push(...(await TCPPortOwner.acquireMany(2, { acquireTimeoutMs: 0 })));
      else owners.push(new TCPPortOwner({ hold: turn % 7 !== 6 }));
    } catch (error) {
      if (!(error instanceof PortPoolExhaustedError)) throw error;
    }
    tellOwned();
    while (owners.length > Math.random() * 2 * KEPT_OWNERS) {
      const owner = owners.shift() as TCPPortOwner;
      if (turn % 3 === 2) releaseSealed(owner);
      else owner.cleanup();
    }
  }
}

async function claimAll(): Promise<string> {
  try {
    const owners = await TCPPortOwner.acquireMany(plan.portCount, WAIT);
    for (const owner of owners) owner.cleanup();
    return 'done';
  } catch (error) {
    return String(error);
  }
}

const inThread = {
  claimAll,
  /** The C library is bound then: to be terminated in the middle of that ends the process, see bench/ffi-abort.ts. */
  bind: async (): Promise<void> => (await TCPPortOwner.acquire(WAIT)).cleanup(),
  ownPorts,
  /** When it owns something, if there was anything. */
  owned: async (): Promise<void> => owned,
};

function startOne(): Program<typeof inThread> {
  return startThread(new URL(import.meta.url), { config: plan, env: process.env as Record<string, string> });
}

async function terminateOne(): Promise<void> {
  const thread = startOne();
  await thread.call('bind');
  const owns = thread.call('owned');
  thread.call('ownPorts').catch(() => undefined);
  await owns;
  await sleep(Math.random() * MAX_LIFE_MS);
  await thread.kill();
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

async function runPlan(): Promise<ThreadsReport> {
  const pool = PortPool.create({ ports: plan.spec, workers: plan.threadsPerRound, restMs: 0 });
  process.env['PORTSLICE_POOL'] = pool.handle;
  new TCPPortOwner().cleanup();
  const locks = new RegExp(`@portslice/(${pool.ports.join('|')})$`, 'm');
  const mutex = new RegExp(`@portslice/orphans/${process.pid}/`);
  const before = countDescriptors();
  const bystander: Program<BystanderCommands> = startThread(new URL('bystander.program.ts', import.meta.url));
  const watched = bystander.call('work');
  const survivors = [startOne(), startOne()];
  await Promise.all(survivors.map(async (thread) => thread.call('bind')));
  const failures: string[] = [];
  let [terminations, roundsWithOrphans, roundsWithLeftMutex] = [0, 0, 0];
  for (let round = 0; round < plan.rounds; round++) {
    await Promise.all(Array.from({ length: plan.threadsPerRound }, terminateOne));
    terminations += plan.threadsPerRound;
    if (isBound(locks)) roundsWithOrphans++;
    if (isBound(mutex)) roundsWithLeftMutex++;
    // However little the machine lets it run, it works in each round.
    await bystander.call('workOn');
    // All at once, so that they also look for what is left at once.
    const answers = survivors.map(async (thread) => thread.call('claimAll'));
    const results = await Promise.all([claimAll(), ...answers]);
    failures.push(...results.filter((result) => result !== 'done'));
  }
  await Promise.all(survivors.map(async (thread) => thread.kill()));
  await bystander.call('stop');
  const report = await watched;
  await bystander.kill();
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

const commands = { runPlan };
export type ThreadsCommands = typeof commands;
serve(isMainThread ? commands : inThread);
