import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type KernelPeer, NOBODY, startPeer } from '../../support/kernel-peer.ts';
import { needNamespace, needRoot } from '../../support/needs.ts';
import { type PortBlock, reservePorts } from '../../support/port-block.ts';
import { needRestriction } from '../../support/restricted.ts';
import { EVERYWHERE } from '../conformance/holds.ts';

/** A shell sets the limit, since a process cannot set it for itself. */
const FEW_DESCRIPTORS = ['sh', '-c', 'ulimit -n 80; exec "$0" "$@"'];
const outOf = (errnoName: string) => ({
  errorName: 'ResourceLimitError',
  facts: { code: 'PORTSLICE_RESOURCE_LIMIT', errnoName },
});

const address = (last: number) => ({
  family: 'ipv4' as const,
  bytes: Uint8Array.of(127, 0, 0, last),
  scopeId: 0,
  dual: false,
});

describe('a process that may open no more descriptors', () => {
  let peer: KernelPeer;
  let block: PortBlock;
  let port: number;
  beforeAll(async () => {
    [peer, block] = await Promise.all([startPeer({ wrapper: FEW_DESCRIPTORS }), reservePorts(1)]);
    port = block.ports[0] as number;
  });
  afterAll(async () => {
    await Promise.all([peer.kill(), block[Symbol.asyncDispose]()]);
  });

  /** The call fails with that many descriptors left, and costs none. */
  async function expectLimit(left: number, call: () => Promise<unknown>): Promise<void> {
    const before = await peer.tell.countDescriptors();
    await peer.tell.useUpDescriptors(left);
    try {
      await expect(call()).rejects.toMatchObject(outOf('EMFILE'));
      await expect(call()).rejects.toThrow(/this process has no descriptor left.*ulimit -n/);
    } finally {
      await peer.tell.giveDescriptorsBack();
    }
    expect(await peer.tell.countDescriptors()).toBe(before);
  }

  test('is told so by the lock', async () => {
    await expectLimit(0, () => peer.kernel('takeLock', port));
  });

  test('is told so by the hold, the check, the probe and the seal', async () => {
    await expectLimit(0, () => peer.kernel('takeHold', port, EVERYWHERE));
    for (const left of [0, 1, 2])
      await expectLimit(left, () => peer.kernel('takeHoldOverLeftovers', port, EVERYWHERE));
    await expectLimit(0, () => peer.kernel('checkStrictly', port, EVERYWHERE));
    await expectLimit(0, () => peer.kernel('somethingListens', port, 'everywhere'));
    await expectLimit(0, () => peer.kernel('takeSeal', port, 'everywhere'));
    await expectLimit(0, () => peer.kernel('findHoldProblem'));
    await expectLimit(1, () => peer.kernel('findHoldProblem'));
  });

  test('is told so by a hold of several addresses, which gives those back that it has', async () => {
    await peer.tell.listen({ port, host: '127.0.0.9' });
    const exactAddresses = [address(1), address(2), address(3)];
    await expectLimit(2, () => peer.kernel('takeHoldOverLeftovers', port, { addresses: exactAddresses }));
    await peer.tell.closeServers();
  });

  test('is told so by the memory, the namespace and the resolver', async () => {
    await expectLimit(0, () => peer.tell.createMemory(4096));
    await expectLimit(0, () => peer.kernel('networkNamespace'));
    await expectLimit(0, () => peer.kernel('holdTargetFor', ['127.9.9.9'], 'dual'));
  });

  test('can go on as soon as there are descriptors again', async () => {
    const lock = (await peer.kernel('takeLock', port)) as number;
    const hold = await peer.kernel('takeHold', port, EVERYWHERE);
    expect(hold).toBeDefined();
    await peer.kernel('closeDescriptors', [lock, ...(hold?.descriptors ?? [])]);
  });
});

describe('a system that has nothing left', () => {
  test.for(['ENFILE', 'ENOBUFS', 'ENOMEM'])(
    'is a typed error, never a port in use: %s',
    async (errnoName, context) => {
      await using peer = await startPeer({ wrapper: needRestriction(context, `socket:0=10:${errnoName}`) });
      await expect(peer.kernel('takeHold', 9000, EVERYWHERE)).rejects.toMatchObject(outOf(errnoName));
    },
  );
});

describe('a port that the user may not bind', () => {
  test('is a typed error with the port, and its lock is not affected', async (context) => {
    needRoot(context);
    const wrapper = needNamespace(context, 'echo 3000 > /proc/sys/net/ipv4/ip_unprivileged_port_start');
    await using peer = await startPeer({ wrapper, userId: NOBODY });
    const before = await peer.tell.countDescriptors();
    for (const method of ['takeHold', 'takeHoldOverLeftovers', 'checkStrictly'] as const) {
      await expect(peer.kernel(method, 2999, EVERYWHERE)).rejects.toMatchObject({
        errorName: 'PermissionError',
        message: expect.stringMatching(/ip_unprivileged_port_start.*PORTSLICE_EXCLUDED_PORTS/) as string,
        facts: { code: 'PORTSLICE_PERMISSION', errnoName: 'EACCES', systemCall: 'bind', port: 2999 },
      });
    }
    expect(await peer.tell.countDescriptors()).toBe(before);
    expect(await peer.kernel('takeLock', 2999)).toBeTypeOf('number');
    expect(await peer.kernel('takeHold', 3000, EVERYWHERE)).toBeDefined();
  });
});
