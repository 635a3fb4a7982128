/**
 * Times one allocator in a process of its own, and prints what a claim takes: CPU and wall time in milliseconds, as JSON.
 * usage: node cycles.program.ts <allocator> <loop | idle> <milliseconds or groups> <URL of portslice>
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as Portslice from '../src/index.ts';
import { openAllocator } from '../test/contention/allocators.ts';
import { openBareCalls } from './bare-calls.ts';
import type { Usage } from './usage.ts';

export type Allocator =
  | 'new TCPPortOwner()'
  | 'TCPPortOwner.acquire()'
  | 'bare koffi'
  | 'listen(0)'
  | 'get-port-please'
  | 'get-port'
  | 'portfinder'
  | 'detect-port';

type Release = () => unknown;
type Claim = () => Release | Promise<Release>;

const WARM_UP_MS = 500;
const CYCLES_PER_GROUP = 16;
/** As in claims.c. */
const PORTS = [10_000, 32_000] as const;
const LARGEST_GROUP = 4;
const WARM_UP_GROUPS = 3 * LARGEST_GROUP;
const IDLE_FROM_MS = 1;
const IDLE_TO_MS = 3;

const [allocator, mode, amount, source = ''] = process.argv.slice(2);
const claim = await open(allocator as Allocator);
const usage = mode === 'idle' ? await timeIdleClaims(Number(amount)) : await timeLoop(Number(amount));
writeSync(1, JSON.stringify(usage));
process.exit();

/** Only the allocator itself is loaded. */
async function open(name: Allocator): Promise<Claim> {
  switch (name) {
    case 'bare koffi': {
      const makeCalls = openBareCalls(...PORTS);
      return () => makeCalls;
    }
    case 'new TCPPortOwner()': {
      const { TCPPortOwner } = (await import(source)) as typeof Portslice;
      return () => {
        const owner = new TCPPortOwner();
        return () => owner.cleanup();
      };
    }
    case 'TCPPortOwner.acquire()': {
      const { TCPPortOwner } = (await import(source)) as typeof Portslice;
      return async () => {
        const owner = await TCPPortOwner.acquire();
        return () => owner.cleanup();
      };
    }
    case 'listen(0)':
      return listen;
    default: {
      const { allocate } = await openAllocator({ kind: name }, 0);
      return async () => {
        const allocation = await allocate(0);
        return () => allocation.release();
      };
    }
  }
}

async function listen(): Promise<Release> {
  const server = net.createServer();
  await once(server.listen(0), 'listening');
  return () => once(server.close(), 'close');
}

function cycle(): unknown {
  const claimed = claim();
  return claimed instanceof Promise ? claimed.then((release) => release()) : claimed();
}

/** Of a claim and its release, one after another. */
async function timeLoop(durationMs: number): Promise<Usage> {
  await runFor(Math.min(WARM_UP_MS, durationMs));
  return runFor(durationMs);
}

async function runFor(timeMs: number): Promise<Usage> {
  const [cpu, startMs] = [process.cpuUsage(), performance.now()];
  let [cycles, wallMs] = [0, 0];
  while (wallMs < timeMs) {
    for (const end = cycles + CYCLES_PER_GROUP; cycles < end; cycles++) {
      const done = cycle();
      // An await where there is nothing to wait for would be measured too.
      if (done instanceof Promise) await done;
    }
    wallMs = performance.now() - startMs;
  }
  return { cpuMs: cpuMsSince(cpu) / cycles, wallMs: wallMs / cycles };
}

/** As tests do it: the event loop is idle, then up to four ports are claimed at once, and released later. */
async function timeIdleClaims(groups: number): Promise<Usage> {
  let [claims, cpuMs, wallMs] = [0, 0, 0];
  for (let group = -WARM_UP_GROUPS; group < groups; group++) {
    const size = 1 + ((group + WARM_UP_GROUPS) % LARGEST_GROUP);
    await sleep(IDLE_FROM_MS + Math.random() * (IDLE_TO_MS - IDLE_FROM_MS));
    const [cpu, startMs] = [process.cpuUsage(), performance.now()];
    const claimed = Array.from({ length: size }, claim);
    const releases: Release[] = [];
    for (const one of claimed) releases.push(one instanceof Promise ? await one : one);
    if (group >= 0) {
      wallMs += performance.now() - startMs;
      cpuMs += cpuMsSince(cpu);
      claims += size;
    }
    await sleep(IDLE_FROM_MS);
    for (const release of releases) await release();
  }
  return { cpuMs: cpuMs / claims, wallMs: wallMs / claims };
}

function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
