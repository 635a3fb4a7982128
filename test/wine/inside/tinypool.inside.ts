/** Workers of tinypool, threads and processes side by side, with the package as users have it. */
import { PortPool } from 'portslice';
import { createTinypool } from 'portslice/tinypool';
import { expect, test } from 'vitest';
import type { Used } from './tinypool-task.program.ts';

const filename = new URL('tinypool-task.program.ts', import.meta.url).href;

test('Workers of every kind have ports of their own at the same time, and give all of them back', async () => {
  const pools = (['worker_threads', 'child_process'] as const).map((runtime) =>
    createTinypool({ filename, runtime, minThreads: 2, maxThreads: 2 }),
  );
  for (let round = 0; round < 2; round++) {
    const tasks = pools.flatMap((pool) => [1, 2, 3].map(() => pool.run({ count: 3 }) as Promise<Used>));
    for (const { ports, answers } of await Promise.all(tasks)) expect(answers).toEqual(ports);
  }
  await Promise.all(pools.map((pool) => pool.destroy()));
  const { currentlyAllocatedPorts, lifetimeTotalAllocatedPorts, leaks } = PortPool.attach().stats();
  expect({ currentlyAllocatedPorts, lifetimeTotalAllocatedPorts, leaks }).toEqual({
    currentlyAllocatedPorts: 0,
    lifetimeTotalAllocatedPorts: 2 * 2 * 3 * 3,
    leaks: 0,
  });
});
