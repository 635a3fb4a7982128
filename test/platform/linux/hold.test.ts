import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemNeeds } from '../../../scripts/system-needs.ts';
import { HostError } from '../../../src/errors/index.ts';
import { platform } from '../../../src/platform/platform.ts';
import type { Hold, InternetAddress } from '../../../src/platform/port-kernel.ts';
import { startPeer } from '../../support/kernel-peer.ts';
import { listen } from '../../support/listening-server.ts';
import { needNamespace, needProgram } from '../../support/needs.ts';
import { type QuietPorts, reserveQuietPorts } from '../../support/quiet-ports.ts';
import { startStranger } from '../../support/stranger.ts';
import { describeHolds, EVERYWHERE } from '../conformance/holds.ts';

describeHolds('Linux', () => platform.openKernel());

const kernel = platform.openKernel();
const localhost = (last: number): InternetAddress => ({
  family: 'ipv4',
  bytes: Uint8Array.of(127, 0, 0, last),
  scopeId: 0,
  dual: false,
});
const ipv6Localhost: InternetAddress = {
  family: 'ipv6',
  bytes: Uint8Array.from({ length: 16 }, (_, index) => (index === 15 ? 1 : 0)),
  scopeId: 0,
  dual: false,
};

describe('a hold of exact addresses', () => {
  let ports: QuietPorts;
  let port: number;
  beforeAll(async () => {
    ports = await reserveQuietPorts();
  });
  beforeEach(() => {
    port = ports.next();
  });
  afterAll(() => ports[Symbol.asyncDispose]());

  test('is one of every address while nothing conflicts', async (context) => {
    await using stranger = startStranger(needProgram(context, 'python3'));
    const hold = kernel.takeHold(port, { addresses: [localhost(1)] }) as Hold;
    expect(hold).toEqual({ kind: 'held', descriptors: [expect.any(Number)], addresses: 'everywhere' });
    expect(await stranger.tryToServe({ family: 'ipv6', host: '::1' }, port)).toBe('EADDRINUSE');
    kernel.closeDescriptors(hold.descriptors);
  });

  test('is one of exactly these addresses where another one is listened on', async (context) => {
    await using stranger = startStranger(needProgram(context, 'python3'));
    await using _foreign = await listen({ port, host: '127.0.0.2' });
    expect(kernel.takeHoldOverLeftovers(port, EVERYWHERE)).toBeUndefined();
    const exactAddresses = [localhost(1), ipv6Localhost];
    expect(kernel.takeHold(port, { addresses: exactAddresses })).toBeUndefined();
    const hold = kernel.takeHoldOverLeftovers(port, { addresses: exactAddresses }) as Hold;
    expect(hold).toEqual({
      kind: 'held',
      descriptors: [expect.any(Number), expect.any(Number)],
      addresses: exactAddresses,
    });
    for (const [family, host] of [
      ['ipv4', '127.0.0.1'],
      ['ipv6', '::1'],
    ] as const) {
      expect(await stranger.tryToServe({ family, host }, port)).toBe('EADDRINUSE');
      expect(await stranger.tryToServe({ family, host }, port, ['SO_REUSEADDR'])).toBe('done');
    }
    expect(await stranger.tryToServe({ family: 'ipv4', host: '127.0.0.3' }, port)).toBe('done');
    expect(kernel.somethingListens(port, hold.addresses)).toBe(false);
    await using _server = await listen({ port, host: '127.0.0.1' });
    expect(kernel.somethingListens(port, hold.addresses)).toBe(true);
    kernel.closeDescriptors(hold.descriptors);
  });

  test('is all or nothing: a conflict on one address gives the others back', async () => {
    await using _foreign = await listen({ port, host: '127.0.0.2' });
    const before = readdirSync('/proc/self/fd').length;
    const exactAddresses = [localhost(1), localhost(3), localhost(2)];
    expect(kernel.takeHoldOverLeftovers(port, { addresses: exactAddresses })).toBeUndefined();
    expect(kernel.checkStrictly(port, { addresses: exactAddresses })).toBeUndefined();
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
    expect(kernel.checkStrictly(port, { addresses: exactAddresses.slice(0, 2) })).toEqual({
      kind: 'checked',
      descriptors: [],
      addresses: exactAddresses.slice(0, 2),
    });
  });

  test('of an address that the machine has lost is a typed error that names it', async () => {
    await using _foreign = await listen({ port, host: '127.0.0.2' });
    const gone = [
      { ...localhost(0), bytes: Uint8Array.of(192, 0, 2, 1) },
      { ...ipv6Localhost, bytes: Uint8Array.from([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]) },
    ];
    const before = readdirSync('/proc/self/fd').length;
    const hostOf = (address: InternetAddress): string => {
      try {
        kernel.takeHoldOverLeftovers(port, { addresses: [localhost(1), address] });
      } catch (error) {
        if (error instanceof HostError) return error.host;
        throw error;
      }
      return 'no error';
    };
    expect(gone.map(hostOf)).toEqual(['192.0.2.1', '2001:db8::1']);
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
  });
});

/** In Python, since Node cannot listen without a bind: what the kernel chooses, as often as it may, in three ways. */
const AUTOBIND = `
import socket, struct, sys
chosen = set()
target = int(sys.argv[1])
for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    for round in range(100):
        for way in ("bind", "listen", "connect"):
            made = socket.socket(family)
            if way == "bind": made.bind((host, 0))
            if way == "listen": made.listen()
            if way == "connect":
                made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                made.connect((host, target))
            chosen.add(made.getsockname()[1])
            made.close()
print(*sorted(chosen))
`;

test('The kernel never chooses a held port for bind(0), listen() or connect(), and Node never for listen(0)', async (context) => {
  const python = needProgram(context, 'python3');
  const setup = 'echo "20000 20009" > /proc/sys/net/ipv4/ip_local_port_range';
  await using peer = await startPeer({ wrapper: needNamespace(context, setup) });
  const target = 9000;
  expect(await peer.tell.listen({ port: target })).toBe(target);
  const chosen = async (): Promise<number[]> =>
    (await peer.tell.run(python, ['-c', AUTOBIND, String(target)])).trim().split(' ').map(Number);
  expect((await chosen()).length).toBeGreaterThan(2);
  const held = [20_000, 20_001, 20_002, 20_003, 20_005, 20_006, 20_008, 20_009];
  for (const port of held) expect(await peer.kernel('takeHold', port, EVERYWHERE)).toBeDefined();
  expect(await chosen()).toEqual([20_004, 20_007]);
  const given = [await peer.tell.listen({ port: 0 }), await peer.tell.listen({ port: 0 })];
  expect(new Set(given)).toEqual(new Set([20_004, 20_007]));
  expect(await peer.tell.listen({ port: 0 })).toBe('EADDRINUSE');
});

test('Where IPv6 is disabled by sysctl the hold is still one of every IPv4 address', async (context) => {
  const { python3 } = systemNeeds();
  const setup = 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6';
  await using peer = await startPeer({ wrapper: needNamespace(context, setup) });
  const strictly = `import socket; socket.socket().bind(("0.0.0.0", 9000))`;
  expect(await peer.kernel('takeHold', 9000, EVERYWHERE)).toMatchObject({ addresses: 'everywhere' });
  await expect(peer.tell.run(python3 ?? needProgram(context, 'python3'), ['-c', strictly])).rejects.toThrow(
    /Address already in use/,
  );
  expect(await peer.tell.listen({ port: 9000, host: '127.0.0.1' })).toBe(9000);
  expect(await peer.kernel('findHoldProblem')).toBeUndefined();
});
