/**
 * Proves that a pool may be as small as its workers need: 200 short tests of 4 workers over 5 ports, whose servers close
 * first, so that each leaves its port in TIME_WAIT for a minute, all get a port at once. The evidence is the kernel's
 * own table: each port was in TIME_WAIT when it was handed out again. Time is printed by the full version, never judged.
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PortPool } from '../../src/index.ts';
import { reservePorts } from '../support/port-block.ts';
import { type PortWorker, RemoteError, startPortWorker } from '../support/port-worker.ts';
import { repetitions, soakTimeoutMs } from './scale.ts';

const WORKERS = 4;
const PORT_COUNT = 5;
const TESTS = repetitions(200, 1_000);
const TIMEOUT_MS = soakTimeoutMs(120_000, 900_000);
const EXHAUSTED = { refused: 'PORTSLICE_POOL_EXHAUSTED' };

/** Shorter than TIME_WAIT, which is 60 s: who waited for its end would be refused. */
const ACQUIRE_TIMEOUT_MS = 30_000;
/** As the kernel's tables name the state. */
const TIME_WAIT = '06';
/** Connections of servers on every address; without IPv6 the other table has them. Reading one takes milliseconds. */
const TABLE = existsSync('/proc/self/net/tcp6') ? '/proc/self/net/tcp6' : '/proc/self/net/tcp';

type ShortTest =
  /** Whether a connection of an earlier test lingered on the port when this one was given it. */
  { readonly port: number; readonly lingered: boolean } | { readonly refused: string | undefined };
type Served = Extract<ShortTest, { port: number }>;

describe(`${WORKERS} workers whose servers leave TIME_WAIT`, { timeout: TIMEOUT_MS }, () => {
  it(`never wait for its end with ${PORT_COUNT} ports`, async () => {
    await using block = await reservePorts(PORT_COUNT);
    using pool = openPool(block.spec);

    const small = await runTests(pool, WORKERS, TESTS / WORKERS);

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
    const large = await runTests(largePool, WORKERS, TESTS / WORKERS);
    console.log(
      `${TESTS} tests of ${WORKERS} workers: ${Math.round(small.tookMs)} ms with ${PORT_COUNT} ports (${waits} waits), ` +
        `${Math.round(large.tookMs)} ms with ${largePool.stats().totalServerPorts} ports`,
    );
  });

  it('would use up the pool in as many tests as it has ports if TIME_WAIT mattered', async () => {
    await using block = await reservePorts(PORT_COUNT);
    using pool = openPool(block.spec);

    const { results } = await runTests(pool, 1, PORT_COUNT + 1, false);

    const ports = results.slice(0, PORT_COUNT).map((result) => 'port' in result && result.port);
    expect(new Set(ports)).toEqual(new Set(block.ports));
    expect(results.slice(PORT_COUNT)).toEqual([EXHAUSTED]);
  });
});

function openPool(ports?: string): PortPool & Disposable {
  const pool = PortPool.create({ ports, workers: WORKERS });
  return Object.assign(pool, { [Symbol.dispose]: () => pool.close() });
}

/**
 * @param hold without it a port is checked as strictly as a server without SO_REUSEADDR would find it
 * @returns what became of all tests, and how long they took together
 */
async function runTests(
  { handle }: PortPool,
  workerCount: number,
  testsEach: number,
  hold = true,
): Promise<{ results: ShortTest[]; tookMs: number }> {
  await using workers = new AsyncDisposableStack();
  const started = Array.from({ length: workerCount }, (_, index) =>
    workers.use(startPortWorker({ env: { PORTSLICE_POOL: handle, TEST_PARALLEL_INDEX: String(index) } })),
  );
  await Promise.all(started.map(async ({ ready }) => ready));
  const startMs = performance.now();
  const runAll = async (worker: PortWorker): Promise<ShortTest[]> => {
    const results: ShortTest[] = [];
    for (let number = 0; number < testsEach; number++) results.push(await runTest(worker, number, hold));
    return results;
  };
  const results = await Promise.all(started.map(runAll));
  return { results: results.flat(), tookMs: performance.now() - startMs };
}

async function runTest(worker: PortWorker, number: number, hold: boolean): Promise<ShortTest> {
  try {
    // Every other test cannot wait at all, among them the sixth.
    const port = await (number % 2 === 1
      ? worker.call('claim', { hold })
      : worker.call('acquire', { hold, acquireTimeoutMs: ACQUIRE_TIMEOUT_MS }));
    // Nobody else can have left it since: the port is the worker's.
    const lingered = isInTimeWait(port);
    await worker.call('leaveTimeWait', port);
    await worker.call('release', port);
    return { port, lingered };
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    return { refused: error.code };
  }
}

function isInTimeWait(port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync(TABLE, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .some(([, localAddress, , state]) => localAddress?.endsWith(local) === true && state === TIME_WAIT);
}
