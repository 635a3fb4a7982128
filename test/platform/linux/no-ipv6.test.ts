/** A kernel that was started with `ipv6.disable=1`: sockets of IPv6 cannot be made. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { platform } from '../../../src/platform/platform.ts';
import { startPeer } from '../../support/kernel-peer.ts';
import { needNamespace, needProgram } from '../../support/needs.ts';
import { reserveQuietPorts } from '../../support/quiet-ports.ts';
import { needRestriction, NO_IPV6 } from '../../support/restricted.ts';
import { runDoctor } from '../../support/run-doctor.ts';
import { runScript } from '../../support/run-script.ts';
import { startStranger } from '../../support/stranger.ts';
import { EVERYWHERE } from '../conformance/holds.ts';

const kernel = platform.openKernel();

test('Without IPv6 the hold is one of every IPv4 address', async (context) => {
  await using ports = await reserveQuietPorts();
  const port = ports.next();
  await using peer = await startPeer({ wrapper: needRestriction(context, NO_IPV6) });
  await using stranger = startStranger(needProgram(context, 'python3'));
  expect(kernel.hasIPv6()).toBe(true);
  expect(await peer.kernel('hasIPv6')).toBe(false);

  const before = await peer.tell.countDescriptors();
  const hold = await peer.kernel('takeHold', port, EVERYWHERE);
  expect(hold).toEqual({ kind: 'held', descriptors: [expect.any(Number)], addresses: 'everywhere' });
  for (const host of ['0.0.0.0', '127.0.0.1', '127.0.0.2'])
    expect(await stranger.tryToServe({ family: 'ipv4', host }, port)).toBe('EADDRINUSE');
  expect(await stranger.tryToServe({ family: 'ipv4', host: '127.0.0.1' }, port, ['SO_REUSEADDR'])).toBe(
    'done',
  );
  // Programs of the same machine that do have IPv6 show that it is no dual hold.
  expect(await stranger.tryToServe({ family: 'ipv6', host: '::1' }, port)).toBe('done');
  expect(await peer.tell.listen({ port })).toBe(port);
  expect(await peer.kernel('somethingListens', port, 'everywhere')).toBe(true);
  expect(await peer.kernel('takeHold', port, EVERYWHERE)).toBeUndefined();
  await peer.tell.closeServers();

  await peer.kernel('closeDescriptors', hold?.descriptors ?? []);
  expect(await peer.kernel('checkStrictly', port, EVERYWHERE)).toEqual({
    kind: 'checked',
    descriptors: [],
    addresses: 'everywhere',
  });
  const seal = await peer.kernel('takeSeal', port, 'everywhere');
  expect(seal).toHaveLength(1);
  expect(await stranger.tryToServe({ family: 'ipv4', host: '127.0.0.1' }, port, ['SO_REUSEADDR'])).toBe(
    'EADDRINUSE',
  );
  await peer.kernel('closeDescriptors', seal ?? []);
  expect(await peer.tell.countDescriptors()).toBe(before);
});

test('Without IPv6 a port is free for UDP if it is free for IPv4', async (context) => {
  await using ports = await reserveQuietPorts();
  const port = ports.next();
  await using peer = await startPeer({ wrapper: needRestriction(context, NO_IPV6) });
  expect(await peer.kernel('udpIsFree', port)).toBe(true);
  const socket = createSocket('udp4').bind(port, '127.0.0.1');
  await once(socket, 'listening');
  expect(await peer.kernel('udpIsFree', port)).toBe(false);
  socket.close();
});

test('Without IPv6 hosts are those of IPv4, and asking for IPv6 alone is a typed error', async (context) => {
  await using peer = await startPeer({ wrapper: needRestriction(context, NO_IPV6) });
  expect(await peer.kernel('holdTargetFor', ['', 'localhost'], 'dual')).toEqual(EVERYWHERE);
  const { addresses } = await peer.kernel('holdTargetFor', ['localhost'], 'dual');
  expect(addresses).toEqual([expect.objectContaining({ family: 'ipv4' })]);
  for (const hosts of [[''], ['::1']]) {
    await expect(peer.kernel('holdTargetFor', hosts, 'ipv6')).rejects.toMatchObject({
      errorName: 'HostError',
      facts: { code: 'PORTSLICE_HOST', host: hosts[0] },
    });
  }
});

test('A run without IPv6 works and says so exactly once, in whichever process it is noticed', async (context) => {
  const script = `
    const { PortPool, TCPPortOwner } = await import('./src/index.ts');
    const { spawnSync } = await import('node:child_process');
    const pool = PortPool.create({ ports: '20000-20019', workers: 2 });
    process.env.PORTSLICE_POOL = pool.handle;
    const work = "const { TCPPortOwner } = await import('./src/index.ts'); console.log(new TCPPortOwner().port);";
    const owner = new TCPPortOwner();
    const args = ['--input-type=module', '-e', work];
    const child = spawnSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
    console.log(JSON.stringify([owner.port, Number(child.stdout)]));`;
  const wrapper = [...needNamespace(context), ...needRestriction(context, NO_IPV6)];
  const { status, stdout, stderr } = await runScript(script, { wrapper });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const ports = JSON.parse(stdout) as number[];
  expect(new Set(ports).size).toBe(2);
  for (const port of ports) expect(port).toBeGreaterThanOrEqual(20_000);
  expect(stderr.match(/\[PORTSLICE_\w+\].*/g)).toEqual([
    '[PORTSLICE_NO_IPV6] PortsliceWarning: This kernel has no IPv6: ports are held and checked for IPv4 only. ' +
      'If your servers use IPv4, there is nothing to do; else start the kernel with IPv6.',
  ]);
});

test(
  'Without IPv6 the self-test says that it is missing, and all else is kept',
  { timeout: 120_000 },
  async (context) => {
    const { weaker, failed, ok, exitCode } = await runDoctor({ wrapper: needRestriction(context, NO_IPV6) });
    expect(failed).toEqual([]);
    expect(weaker).toEqual([
      expect.stringMatching(/: it has no :: and no ::1, so ports are kept and checked on the others only\.$/),
    ]);
    expect(ok).toHaveLength(12);
    expect(exitCode).toBe(0);
  },
);
