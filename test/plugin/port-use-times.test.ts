/** The times that reports show for the ports of a test. */
import { expect, test } from 'vitest';
import { PortDispenser } from '../../src/plugin/port-dispenser.ts';
import { openTestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';

test('a port that a test gives back early and another test then has is not shown as used by both at once', async () => {
  await using _pool = await openTestPool(1, { restMs: 0 });
  const early = openDispenser('gives it back early');
  const late = openDispenser('has it next');

  const owner = await early.acquire();
  owner.cleanup();
  await aMillisecond();
  const next = await late.acquire();
  await aMillisecond();
  await early.releaseAll(false);
  await late.releaseAll(false);

  expect(next.port).toBe(owner.port);
  const [earlyUse] = early.uses;
  const [lateUse] = late.uses;
  expect(earlyUse?.releasedAtMs).toBeLessThan(lateUse?.acquiredAtMs ?? 0);
  expect(earlyUse?.state).toBe('free');
});

function openDispenser(label: string): PortDispenser {
  return new PortDispenser({
    fixture: 'ports',
    label,
    defaults: {},
    testTimeoutMs: 0,
    scope: 'test',
    onAcquire: () => undefined,
  });
}

async function aMillisecond(): Promise<void> {
  const startMs = Date.now();
  await until('the clock goes on', () => Date.now() > startMs);
}
