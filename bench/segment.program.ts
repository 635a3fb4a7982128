/**
 * Makes a run whose workers use some ports each, and prints how many bytes its segment then has in memory, as SegmentBytes.
 * usage: node segment.program.ts <workers> <ports of each> <URL of portslice>
 */
import { statSync, writeSync } from 'node:fs';
import type * as Portslice from '../src/index.ts';
import { startWorker } from './worker.ts';

export interface SegmentBytes {
  /** What it could grow to. */
  readonly size: number;
  /** Of a new pool. */
  readonly created: number;
  /** At the end of the run. */
  readonly used: number;
}

/** In which stat counts, whatever the file system's own are. */
const BLOCK_BYTES = 512;

const [workerCount, portCount, source = ''] = process.argv.slice(2);
const { PortPool } = (await import(source)) as typeof Portslice;
const pool = PortPool.create({ workers: Number(workerCount) });
const [, processId, descriptor] = /:(\d+):(\d+):/.exec(pool.handle) ?? [];
const file = `/proc/${processId}/fd/${descriptor}`;
const created = statSync(file).blocks * BLOCK_BYTES;
const numbers = Array.from({ length: Number(workerCount) }, (_, index) => index + 1);
const workers = await Promise.all(numbers.map((number) => startWorker(pool, number, source)));
for (const count of [Number(portCount), 0])
  await Promise.all(workers.map((worker) => worker.tell({ do: 'hold', count })));
// What reports and the end of a run read.
pool.stats();
const { size, blocks } = statSync(file);
const result: SegmentBytes = { size, created, used: blocks * BLOCK_BYTES };
writeSync(1, JSON.stringify(result));
process.exit();
