/**
 * Claims and releases ports in a loop, and prints now and then what the process and the kernel have, as Sample[].
 * usage: node --expose-gc cycles.program.ts <cycles, cumulated, with commas> <URL of portslice>
 */
import { readdirSync, readFileSync, writeSync } from 'node:fs';
import type * as Portslice from '../src/index.ts';

export interface Sample {
  readonly cycles: number;
  readonly descriptors: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly residentBytes: number;
  /** Of the network namespace, as /proc/net/sockstat has them. */
  readonly sockets: number;
}

const [counts = '', source = ''] = process.argv.slice(2);
const { TCPPortOwner } = (await import(source)) as typeof Portslice;
const samples: Sample[] = [];
let cycles = 0;
for (const count of counts.split(',').map(Number)) {
  for (; cycles < count; cycles++) new TCPPortOwner().cleanup();
  samples.push(takeSample());
}
writeSync(1, JSON.stringify(samples));
process.exit();

function takeSample(): Sample {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const [, sockets = 'NaN'] = /sockets: used (\d+)/.exec(readFileSync('/proc/net/sockstat', 'utf8')) ?? [];
  return {
    cycles,
    descriptors: readdirSync('/proc/self/fd').length,
    heapBytes: heapUsed,
    externalBytes: external,
    residentBytes: rss,
    sockets: Number(sockets),
  };
}
