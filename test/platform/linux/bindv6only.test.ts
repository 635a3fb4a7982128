/** Machines with net.ipv6.bindv6only=1, where a new IPv6 socket serves IPv6 alone until it is told otherwise. */
import { expect, test } from 'vitest';
import { startPeer } from '../../support/kernel-peer.ts';
import { needNamespace } from '../../support/needs.ts';
import { EVERYWHERE } from '../conformance/holds.ts';

for (const setting of [0, 1]) {
  test(`With bindv6only=${setting} a hold guards both families`, async (context) => {
    const wrapper = needNamespace(context, `echo ${setting} > /proc/sys/net/ipv6/bindv6only`);
    await using peer = await startPeer({ wrapper });
    // It tries servers of both families on a held port.
    expect(await peer.kernel('findHoldProblem')).toBeUndefined();
    expect(await peer.kernel('takeHold', 20_000, EVERYWHERE)).toMatchObject({ addresses: 'everywhere' });
    expect(await peer.kernel('somethingListens', 20_000, 'everywhere')).toBe(false);
  });
}
