/**
 * Proves that a pool may be as small as its workers need: 200 short tests of 4 workers over 5 ports, whose servers close
 * first, so that each leaves its port in TIME_WAIT for a minute, all get a port at once. The evidence is the kernel's
 * own table: each port was in TIME_WAIT when it was handed out again. Time is printed by the full version, never judged.
 */
import { describe, expect, it } from 'vitest';
import { PortPool } from '../../src/index.ts';
import { reservePorts } from '../support/port-block.ts';
import { startPeer } from './peer.ts';
import { repetitions, soakTimeoutMs } from './scale.ts';
import type { ShortTest, SmallPoolConfig } from './small-pool-worker.program.ts';

const WORKERS = 4;
const PORT_COUNT = 5;
const TESTS = repetitions(200, 1_000);
const TIMEOUT_MS = soakTimeoutMs(120_000, 900_000);
const EXHAUSTED = { refused: 'PORTSLICE_POOL_EXHAUSTED' };

type Served = Extract<ShortTest, { port: number }>;

describe(`${WORKERS} workers whose servers leave TIME_WAIT`, { timeout: TIMEOUT_MS }, () => {
  it(`never wait for its end with ${PORT_COUNT} ports`, async () => {
    await using block = await reservePorts(PORT_COUNT);
    using pool = openPool(block.spec);

    const small = await runTests(pool, WORKERS, { tests: TESTS / WORKERS, hold: true });

    expect(small.results.filter((result) => 'refused' in result)).toEqual([]);
    const served = small.results as Served[];
    expect(served).toHaveLength(TESTS);
    // Of all tests, only the first one of each port found it without TIME_WAIT.
    const fresh = served.filter(({ lingered }) => !lingered);
    expect(fresh.map(({ port }) => port).toSorted((a, b) => a - b)).toEqual(block.ports);
    const { waits, ...stats } = pool.stats();
    expect(stats).toMatchObject({
      lifetimeTotalAllocatedPorts: TESTS,
      currentlyAllocatedPorts: 0,
      leaks: 0,
    });
    // There is a port for each worker. One that looks just while two others exchange theirs may have to look again.
    expect(waits).toBeLessThan(TESTS / 20);

    if (TESTS === 200) return;
    using largePool = openPool();
    const large = await runTests(largePool, WORKERS, { tests: TESTS / WORKERS, hold: true });
    console.log(
      `${TESTS} tests of ${WORKERS} workers: ${Math.round(small.tookMs)} ms with ${PORT_COUNT} ports (${waits} waits), ` +
        `${Math.round(large.tookMs)} ms with ${largePool.stats().totalServerPorts} ports`,
    );
  });

  it('would use up the pool in as many tests as it has ports if TIME_WAIT mattered', async () => {
    await using block = await reservePorts(PORT_COUNT);
    using pool = openPool(block.spec);

    const { results } = await runTests(pool, 1, { tests: PORT_COUNT + 1, hold: false });

    const ports = results.slice(0, PORT_COUNT).map((result) => 'port' in result && result.port);
    expect(new Set(ports)).toEqual(new Set(block.ports));
    expect(results.slice(PORT_COUNT)).toEqual([EXHAUSTED]);
  });
});

function openPool(ports?: string): PortPool & Disposable {
  const pool = PortPool.create({ ports, workers: WORKERS });
  return Object.assign(pool, { [Symbol.dispose]: () => pool.close() });
}

/** @returns what became of all tests, and how long they took together */
async function runTests(
  { handle }: PortPool,
  workerCount: number,
  config: SmallPoolConfig,
): Promise<{ results: ShortTest[]; tookMs: number }> {
  await using processes = new AsyncDisposableStack();
  const program = new URL('small-pool-worker.program.ts', import.meta.url);
  const starting = Array.from({ length: workerCount }, async (_, index) =>
    processes.use(
      await startPeer(program, config, { PORTSLICE_POOL: handle, TEST_PARALLEL_INDEX: String(index) }),
    ),
  );
  const workers = await Promise.all(starting);
  const startMs = performance.now();
  const results = (await Promise.all(workers.map((worker) => worker.ask('run')))) as ShortTest[][];
  return { results: results.flat(), tookMs: performance.now() - startMs };
}
