/**
 * Measures in how far the time of a claim depends on what else there is, and prints the comparisons as JSON. Run it in a
 * network namespace of its own: it holds 25,000 ports. usage: node flat.program.ts <URL of portslice> <folder for the calls in C>
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import path from 'node:path';
import type * as Portslice from '../src/index.ts';
import { compileClaims } from './claim-calls.ts';
import { timeCalls, timeClaims } from './cycles.ts';
import { type Comparison, compare, perPiece, repetitions, takeTurns } from './pairs.ts';
import type { Usage } from './usage.ts';

const PAIRS: number = repetitions(20, 2);
/** All server ports of a Linux with its usual ephemeral range. */
const ALL_PORTS = '1024-32767,61000-65535';
const FEW_HELD = repetitions(1000, 80);
const MANY_HELD = repetitions(25_000, 400);
/** A process can hold half as many ports as it may open descriptors. */
const HOLDERS = 8;
/** Less than the holders, who take from slice 0 and the spare slices too, and leave the first one alone. */
const WORKERS = 7;
const SLICE_PORTS = '10000-11999';
/** By the number of workers. */
const SLICES = { 0: 1, 42: 64 } as const;
const FLAT_TIMES = 1.25;
const C_TIMES = 1.1;

const [entry = '', folder = ''] = process.argv.slice(2);
const { PortPool } = (await import(entry)) as typeof Portslice;
writeSync(1, JSON.stringify([...(await compareHeld()), ...(await compareSlices())]));
process.exit();

/** A worker claims from its own slice, while others hold more and more ports. */
async function compareHeld(): Promise<Comparison[]> {
  const pool = PortPool.create({ ports: ALL_PORTS, workers: WORKERS, restMs: 0 });
  const env = (worker: number) => ({
    ...process.env,
    PORTSLICE_POOL: pool.handle,
    TEST_PARALLEL_INDEX: String(worker),
  });
  const program = path.join(import.meta.dirname, 'holder.program.ts');
  const holders = Array.from({ length: HOLDERS }, (_, index) =>
    fork(program, [entry], { env: env(index + 1) }),
  );
  const hold = async (count: number): Promise<void> => {
    const done = holders.map((holder) => once(holder, 'message'));
    for (const holder of holders) holder.send(count / HOLDERS);
    await Promise.all(done);
  };
  const inC = compileClaims(folder);
  const ports = portsOfSlice(pool);
  const ours = (): Usage => timeClaims('new TCPPortOwner()', 'loop', entry, env(0));
  const calls = (): Usage => (inC === undefined ? { cpuMs: NaN, wallMs: NaN } : timeCalls(inC, ports));
  const after = (count: number, measure: () => Usage) => async (): Promise<Usage> => {
    await hold(count);
    return measure();
  };
  const usages = await takeTurns(PAIRS, {
    none: after(0, ours),
    noneInC: after(0, calls),
    few: after(FEW_HELD, ours),
    many: after(MANY_HELD, ours),
    manyInC: after(MANY_HELD, calls),
  });
  pool.close();
  for (const holder of holders) holder.disconnect();
  const { none, few, many, noneInC, manyInC } = usages;
  const question = { unit: 'us', by: 'ratio' } as const;
  return [
    compare({ ...question, subject: held(FEW_HELD), base: 'none held', atMost: FLAT_TIMES }, few, none),
    ...(inC === undefined
      ? []
      : [
          compare(
            { ...question, subject: held(MANY_HELD), base: 'the same calls in C', atMost: C_TIMES },
            many,
            manyInC,
          ),
          compare({ ...question, subject: held(MANY_HELD), base: 'none held' }, many, none),
          compare(
            { ...question, subject: `the calls in C, ${held(MANY_HELD)}`, base: 'none held' },
            manyInC,
            noneInC,
          ),
          compare(
            {
              ...question,
              subject: `what ${MANY_HELD.toLocaleString('en')} held ports add`,
              base: 'the same in C',
            },
            perPiece(many, none, 1),
            perPiece(manyInC, noneInC, 1),
          ),
        ]),
  ];
}

function held(portCount: number): string {
  return `a cycle while ${portCount.toLocaleString('en')} ports are held`;
}

/** A loop soon has used all of these ports, and none has rested: then each claim asks all slices in vain first. */
async function compareSlices(): Promise<Comparison[]> {
  const rests = { 'all ports have rested': 0, 'no port has rested': 600_000 } as const;
  const comparisons: Comparison[] = [];
  for (const [name, restMs] of Object.entries(rests)) {
    const pools = Object.keys(SLICES).map((workers) =>
      PortPool.create({ ports: SLICE_PORTS, workers: Number(workers), restMs }),
    );
    const [one, many] = pools.map(({ handle }) => () => {
      const env = { ...process.env, PORTSLICE_POOL: handle, TEST_PARALLEL_INDEX: '0' };
      return timeClaims('new TCPPortOwner()', 'loop', entry, env);
    }) as [() => Usage, () => Usage];
    const usages = await takeTurns(PAIRS, { one, many });
    for (const pool of pools) pool.close();
    const question = { unit: 'us', by: 'ratio', base: `${SLICES[0]} slice`, atMost: FLAT_TIMES } as const;
    comparisons.push(
      compare(
        { ...question, subject: `a cycle with ${SLICES[42]} slices, ${name}` },
        usages.many,
        usages.one,
      ),
    );
  }
  return comparisons;
}

/** For C: the slice of the first worker, on which nobody else is. */
function portsOfSlice(pool: Portslice.PortPool): [number, number] {
  const { first, portCount } = pool.slice(1);
  const start = pool.ports.indexOf(first);
  // A slice can wrap around at the end of the pool.
  return [first, pool.ports[Math.min(start + portCount, pool.ports.length) - 1] as number];
}
