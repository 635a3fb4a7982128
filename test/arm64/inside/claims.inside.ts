/** As test/contention/storm.test.ts, with fewer processes: each takes seconds to start where it is translated. */
import { expect, test } from 'vitest';
import { SOURCE, Storm } from '../../contention/storm.ts';
import { FLAWLESS } from '../../contention/verdict.ts';
import { reservePorts } from '../../support/port-block.ts';
import { runDoctor } from '../../support/run-doctor.ts';

test('this is a process for arm64', () => {
  expect(process.arch).toBe('arm64');
});

test('three processes of three slots never share one of nine ports and lose no server', async () => {
  await using block = await reservePorts(9);
  await using storm = await Storm.gather({
    allocator: { kind: 'portslice', source: SOURCE },
    ports: block.spec,
    sharesPool: true,
    processes: 3,
    slots: 3,
    roundsPerSlot: 5,
    acquireTimeoutMs: 60_000,
  });
  await storm.rage();
  expect(storm.verdict()).toMatchObject({ ...FLAWLESS, completeRounds: storm.plannedRounds });
  await storm.holdAll(9);
  expect(await storm.end()).toBe('');
});

test('the self-test finds that everything is kept', async () => {
  const { output, weaker, failed } = await runDoctor({});
  expect(output).toContain('Verdict: ok');
  expect([...weaker, ...failed]).toEqual([]);
});
