/** The allocators that are compared; allocator.program.ts knows how each is called. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Portslice from '../src/index.ts';
import { cleanEnvironment } from '../test/support/environment.ts';
import type { Installation } from './installation.ts';
import type { NodeVersion } from './node-versions.ts';
import { median } from './report.ts';

/** By the names that the program knows, with what the report calls them. */
export const ALLOCATORS = {
  'portslice new': 'portslice, `new TCPPortOwner()`',
  'portslice acquire': 'portslice, `TCPPortOwner.acquire()`',
  'listen(0)': '`listen(0)` of `node:net`',
  'get-port': 'get-port',
  portfinder: 'portfinder',
  'detect-port': 'detect-port',
  'get-port-please': 'get-port-please',
} as const;
export type Allocator = keyof typeof ALLOCATORS;
export const ALLOCATOR_NAMES = Object.keys(ALLOCATORS) as readonly Allocator[];

export interface Subject {
  readonly node: NodeVersion;
  readonly allocator: Allocator;
}

const WORKERS = 8;
const TIMEOUT_MS = 120_000;
const program = path.join(import.meta.dirname, 'allocator.program.ts');

/** The URL of the built package. */
export function entryOf({ dir }: Installation): string {
  return pathToFileURL(path.join(dir, 'node_modules/portslice/dist/index.js')).href;
}

/** Runs the program with the allocator in a new process, which is a worker of a new run. @param amount groups or ms */
export function timeAllocator(
  { node, allocator }: Subject,
  mode: 'idle' | 'sustained',
  amount: number,
  { PortPool }: typeof Portslice,
  source: string,
): unknown {
  const pool = PortPool.create({ workers: WORKERS });
  try {
    const args = [program, allocator, mode, String(amount), source];
    const env = cleanEnvironment({ PORTSLICE_POOL: pool.handle, NODE_NO_WARNINGS: '1' });
    const output = execFileSync(node.path, args, { env, encoding: 'utf8', timeout: TIMEOUT_MS });
    return JSON.parse(output);
  } finally {
    pool.close();
  }
}

export function isOurs(allocator: Allocator): boolean {
  return allocator.startsWith('portslice');
}

/** In the text of a chart. */
export function plainLabel(allocator: Allocator): string {
  return ALLOCATORS[allocator].replaceAll('`', '');
}

/** How many times `values` are `base`: the median of the rounds, in which what disturbed both alike cancels out. */
export function medianRatio(values: readonly number[], base: readonly number[]): number {
  return median(values.map((value, round) => value / (base[round] as number)));
}

export function formatUs(durationUs: number): string {
  return `${durationUs.toFixed(durationUs < 100 ? 1 : 0)} us`;
}

export function formatRatio(ratio: number): string {
  return `${ratio.toFixed(2)} times`;
}

export function majorOf({ version }: NodeVersion): string {
  return `Node ${version.split('.')[0]}`;
}
