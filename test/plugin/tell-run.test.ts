/** What a global setup tells its workers for the report. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PortPool } from '../../src/index.ts';
import { publishedRunFacts } from '../../src/platform/environment.ts';
import { wantReport } from '../../src/plugin/report-wanted.ts';
import { tellRun } from '../../src/plugin/tell-run.ts';
import { parseRunFacts } from '../../src/report/run-facts.ts';
import { reservePorts } from '../support/port-block.ts';

const KEY = Symbol.for('portslice/report-wanted');

beforeEach(() => vi.stubEnv('PORTSLICE_RUN_FACTS', 'of an outer run'));

afterEach(() => {
  delete (process as { [KEY]?: unknown })[KEY];
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const noPool = { pool: undefined, options: {}, stop: () => undefined };
const options = { hasBlob: false, shard: { current: 2, total: 3 } };

test('nothing where nobody makes a report, nor what an outer run tells', async () => {
  const stop = vi.fn<() => void>();
  const stopAll = await tellRun({ ...noPool, stop }, options);
  expect(publishedRunFacts()).toBeUndefined();
  stopAll();
  expect(stop).toHaveBeenCalledOnce();
  expect(publishedRunFacts()).toBe('of an outer run');
});

test.each(['a reporter of ours', 'a blob'])('its machine, shard and pool, where there is %s', async (why) => {
  if (why === 'a reporter of ours') wantReport();
  await using block = await reservePorts(20);
  const pool = PortPool.create({ ports: block.spec, workers: 2 });
  const stopAll = await tellRun(
    { pool, options: { ports: block.spec }, stop: () => pool.close() },
    { ...options, hasBlob: why === 'a blob' },
  );
  const facts = parseRunFacts(publishedRunFacts() ?? '');
  expect(facts.shard).toEqual(options.shard);
  expect(facts.hostName).not.toBe('');
  expect(facts.pool?.portCount).toBe(20);
  const slices = facts.pool?.slices.flatMap(({ ranges }) => ranges) ?? [];
  expect(slices.reduce((count, { firstPort, lastPort }) => count + lastPort - firstPort + 1, 0)).toBe(20);
  stopAll();
  expect(publishedRunFacts()).toBe('of an outer run');
});

test('a fault in it is one line, and the run goes on', async () => {
  const print = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const pool = { handle: 'no handle' } as PortPool;
  const stopAll = await tellRun({ ...noPool, pool }, { ...options, hasBlob: true });
  expect(print.mock.calls.flat()).toEqual([
    expect.stringMatching(/^portslice: the report of the ports lacks the pool: .*no handle.*\n$/),
  ]);
  stopAll();
  expect(publishedRunFacts()).toBe('of an outer run');
});
