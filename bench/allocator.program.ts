/**
 * Times one allocator in a process of its own, and prints what it measured as JSON.
 * usage: node allocator.program.ts <allocator> <idle | sustained> <groups | milliseconds> <URL of portslice>
 */
import { writeSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as Portslice from '../src/index.ts';

type Release = () => void | Promise<void>;
type Claim = () => Release | Promise<Release>;

/** Times in microseconds. */
export interface IdleTimes {
  /** Of a group of n claims at once, at n - 1: from the first claim to the moment when all ports are known. */
  readonly groups: readonly (readonly number[])[];
  /** Of one release. */
  readonly releases: readonly number[];
}

/** Of a cycle of claim and release, in microseconds. */
export interface SustainedTimes {
  readonly meanUs: number;
  /** Of groups of cycles. */
  readonly medianUs: number;
}

const LARGEST_GROUP = 4;
const WARM_UP_GROUPS = 3 * LARGEST_GROUP;
const IDLE_FROM_MS = 1;
const IDLE_TO_MS = 3;
const WARM_UP_CYCLES = 5000;
const WARM_UP_MS = 500;
/** As in claims.c. */
const CYCLES_PER_GROUP = 16;

const [allocator = '', mode, amount, source = ''] = process.argv.slice(2);

/** Only the allocator itself is loaded. */
const allocators: Readonly<Record<string, () => Promise<Claim>>> = {
  'portslice new': async () => {
    const { TCPPortOwner } = await loadPortslice();
    return () => {
      const owner = new TCPPortOwner();
      return () => owner.cleanup();
    };
  },
  'portslice acquire': async () => {
    const { TCPPortOwner } = await loadPortslice();
    return async () => {
      const owner = await TCPPortOwner.acquire();
      return () => owner.cleanup();
    };
  },
  'listen(0)': () => Promise.resolve(listen),
  'get-port': async () => {
    const { default: getPort } = await import('get-port');
    return () => portOnly(getPort());
  },
  portfinder: async () => {
    const { default: portfinder } = await import('portfinder');
    return () => portOnly(portfinder.getPortPromise());
  },
  'detect-port': async () => {
    const { detect } = await import('detect-port');
    return () => portOnly(detect(3000));
  },
  'get-port-please': async () => {
    const { getPort } = await import('get-port-please');
    return () => portOnly(getPort());
  },
};

const open = allocators[allocator];
if (open === undefined) throw new Error(`There is no allocator '${allocator}'`);
const claim = await open();
const result = mode === 'idle' ? await timeIdle(Number(amount)) : await timeSustained(Number(amount));
writeSync(1, JSON.stringify(result));
process.exit();

/** As tests do: the event loop is idle, then up to four ports are claimed at once, and released later. */
async function timeIdle(groupCount: number): Promise<IdleTimes> {
  const groups = Array.from({ length: LARGEST_GROUP }, (): number[] => []);
  const releases: number[] = [];
  for (let group = -WARM_UP_GROUPS; group < groupCount; group++) {
    const size = 1 + ((group + WARM_UP_GROUPS) % LARGEST_GROUP);
    await beIdle();
    const claimStartMs = performance.now();
    const claimed = await claimGroup(size);
    const claimUs = (performance.now() - claimStartMs) * 1000;
    await beIdle();
    const releaseStartMs = performance.now();
    for (const release of claimed) await release();
    const releaseUs = (performance.now() - releaseStartMs) * 1000;
    if (group < 0) continue;
    groups[size - 1]?.push(claimUs);
    releases.push(releaseUs / size);
  }
  return { groups, releases };
}

async function claimGroup(size: number): Promise<Release[]> {
  const claims = Array.from({ length: size }, claim);
  return allocator === 'portslice new' ? (claims as Release[]) : Promise.all(claims as Promise<Release>[]);
}

function beIdle(): Promise<void> {
  return sleep(IDLE_FROM_MS + Math.random() * (IDLE_TO_MS - IDLE_FROM_MS));
}

async function timeSustained(durationMs: number): Promise<SustainedTimes> {
  await cycleFor(WARM_UP_MS, WARM_UP_CYCLES);
  const groupsUs = await cycleFor(durationMs);
  const sorted = groupsUs.toSorted((a, b) => a - b);
  return {
    meanUs: groupsUs.reduce((sum, value) => sum + value, 0) / groupsUs.length,
    medianUs: sorted[Math.floor(sorted.length / 2)] as number,
  };
}

/** @returns the mean of each group of cycles */
async function cycleFor(durationMs: number, maxCycles = Infinity): Promise<number[]> {
  const groupsUs: number[] = [];
  const endMs = performance.now() + durationMs;
  for (let startMs = performance.now(); startMs < endMs && groupsUs.length * CYCLES_PER_GROUP < maxCycles;) {
    for (let cycle = 0; cycle < CYCLES_PER_GROUP; cycle++) {
      const done = cycleOnce();
      // An await where there is nothing to wait for would be measured too.
      if (done !== undefined) await done;
    }
    const nowMs = performance.now();
    groupsUs.push(((nowMs - startMs) * 1000) / CYCLES_PER_GROUP);
    startMs = nowMs;
  }
  return groupsUs;
}

function cycleOnce(): void | Promise<void> {
  const claimed = claim();
  if (!(claimed instanceof Promise)) return claimed();
  return claimed.then((release) => release());
}

function listen(): Promise<Release> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, () => resolve(() => new Promise<void>((closed) => server.close(() => closed()))));
  });
}

/** Others give a number, and keep nothing that could be released. */
async function portOnly(port: Promise<number>): Promise<Release> {
  await port;
  return () => undefined;
}

async function loadPortslice(): Promise<typeof Portslice> {
  return (await import(source)) as typeof Portslice;
}
