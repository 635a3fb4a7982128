import { expect, test } from 'vitest';
import { TCPPortOwner } from '../../src/index.ts';
import { dropHold, retakeHold } from '../../src/pool/claim/hold-again.ts';
import { findOwnClaim } from '../../src/pool/session/open-sessions.ts';
import { isHeld, type PortClaim } from '../../src/pool/session/port-claim.ts';
import { countDescriptors } from '../support/descriptors.ts';
import { hasHolds } from '../support/kernel-traits.ts';
import { needProgram } from '../support/needs.ts';
import { startStranger } from '../support/stranger.ts';
import { openTestPool } from '../support/test-pool.ts';

const EVERYWHERE = { family: 'ipv6', host: '::', dual: true } as const;

test.runIf(hasHolds)(
  'A hold that is dropped lets strict servers in, and keeps them out when it is taken again',
  async (context) => {
    await using stranger = startStranger(needProgram(context, 'python3'));
    await using opened = await openTestPool(1);
    using owner = new TCPPortOwner();
    const claim = findOwnClaim(owner.port) as PortClaim;
    expect(dropHold(claim)).toBe(true);
    expect(dropHold(claim)).toBe(false);
    expect(await stranger.tryToServe(EVERYWHERE, owner.port)).toBe('done');
    // The lock has stayed.
    expect(() => new TCPPortOwner({ port: owner.port })).toThrow('is taken');
    retakeHold(claim);
    expect(isHeld(claim)).toBe(true);
    const before = countDescriptors();
    retakeHold(claim);
    expect(countDescriptors()).toBe(before);
    expect(await stranger.tryToServe(EVERYWHERE, owner.port)).toBe('EADDRINUSE');
    expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 1, leaks: 0 });
  },
);

test('A hold cannot be taken again beside somebody who listens, and the port is released all the same', async (context) => {
  await using stranger = startStranger(needProgram(context, 'python3'));
  await using opened = await openTestPool(1);
  const owner = new TCPPortOwner();
  const claim = findOwnClaim(owner.port) as PortClaim;
  dropHold(claim);
  const id = await stranger.open(EVERYWHERE);
  await stranger.bind(id, EVERYWHERE, owner.port);
  await stranger.listen(id);
  retakeHold(claim);
  expect(isHeld(claim)).toBe(false);
  await stranger.close(id);
  owner.cleanup();
  expect(opened.pool.stats()).toMatchObject({ currentlyAllocatedPorts: 0, leaks: 0 });
  dropHold(claim);
  retakeHold(claim);
  expect(isHeld(claim)).toBe(false);
});
