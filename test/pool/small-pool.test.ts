/** Few ports, many tests: each gets a port on which the server of an earlier one has left connections in TIME_WAIT. */
import { expect, test } from 'vitest';
import { TCPPortOwner } from '../../src/index.ts';
import { platform } from '../../src/platform/platform.ts';
import { hasHolds } from '../support/kernel-traits.ts';
import { leaveTimeWait } from '../support/listening-server.ts';
import { interposeKernel } from '../support/seam.ts';
import { openTestPool } from '../support/test-pool.ts';

test.runIf(hasHolds)(
  'Five ports are enough for any number of tests, though each leaves a connection in TIME_WAIT',
  async () => {
    await using pool = await openTestPool(5);
    const used: number[] = [];
    for (let round = 0; round < 40; round++) {
      // The constructor waits for nothing.
      using owner = new TCPPortOwner();
      used.push(owner.port);
      await leaveTimeWait(owner.port);
    }
    expect(new Set(used)).toEqual(new Set(pool.ports));
    for (const port of pool.ports) expect(platform.isOnlyInTimeWait(port)).toBe(true);
  },
);

test.runIf(hasHolds)(
  'A claim tries few strict binds, however many ports have leftovers and however many slices there are',
  async () => {
    let strictBinds = 0;
    const openKernel = platform.openKernel.bind(platform);
    interposeKernel(platform, (name, args, act) => {
      if (name === 'takeHold') strictBinds++;
      return act(...args);
    });
    try {
      await using pool = await openTestPool(40, { workers: 8, restMs: 0 });
      for (const port of pool.ports) {
        using owner = new TCPPortOwner({ port });
        await leaveTimeWait(owner.port);
      }
      strictBinds = 0;
      using owner = new TCPPortOwner();
      expect(pool.ports).toContain(owner.port);
      // 16 refusals, and the first of those ports once more before it is taken over leftovers.
      expect(strictBinds).toBe(17);
    } finally {
      platform.openKernel = openKernel;
    }
  },
);
