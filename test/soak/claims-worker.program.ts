/** A process of the million claims: its main thread claims, and so do the worker threads that it starts. See million.ts. */
import { isMainThread, threadId } from 'node:worker_threads';
import type * as Portslice from '../../src/index.ts';
import { countDescriptors } from '../support/descriptors.ts';
import { startThread } from '../support/program.ts';
import { programConfig, serve } from '../support/serve.ts';
import { type Claims, claimAndRelease } from './claimant.ts';

export interface ClaimsWorkerConfig {
  /** The URL of the package's entry, so that a test build can take its place. */
  readonly source: string;
  readonly claimsEach: number;
  readonly threads: number;
  /** Of the process in its run, from 0; the threads' numbers follow it. */
  readonly parallelIndex: number;
}

/** A claimant with the warnings of its thread. */
export type WarnedClaims = Claims & { readonly warnings: readonly string[] };

export interface WorkerReport {
  readonly claimants: readonly WarnedClaims[];
  /** How many more descriptors are open in the process after the last claim than before the first. */
  readonly descriptorGrowth: number;
}

const config = programConfig() as ClaimsWorkerConfig;
const warnings: string[] = [];
process.on('warning', ({ name, message }) => warnings.push(`${name}: ${message}`));
const { TCPPortOwner, portAllocationStats } = (await import(config.source)) as typeof Portslice;
// Opens the pool.
portAllocationStats();
const threads = isMainThread
  ? Array.from({ length: config.threads }, (_, index) => startAnother(index + 1))
  : [];
await Promise.all(threads.map(async (thread) => thread.ready));

const claim = async (): Promise<WarnedClaims> => {
  const claims = await claimAndRelease(`${process.pid}/${threadId}`, TCPPortOwner, config.claimsEach);
  return { ...claims, warnings };
};
const commands = {
  claim,
  claimEverywhere: async (): Promise<WorkerReport> => {
    const before = countDescriptors();
    const claimants = await Promise.all([claim(), ...threads.map(async (thread) => thread.call('claim'))]);
    return { claimants, descriptorGrowth: countDescriptors() - before };
  },
};
export type ClaimsWorkerCommands = typeof commands;
serve(commands);

function startAnother(number: number) {
  const env = {
    PORTSLICE_POOL: process.env['PORTSLICE_POOL'] as string,
    TEST_PARALLEL_INDEX: String(config.parallelIndex + number),
  };
  return startThread<Pick<ClaimsWorkerCommands, 'claim'>>(new URL(import.meta.url), { config, env });
}
