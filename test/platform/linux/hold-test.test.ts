import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { platform } from '../../../src/platform/platform.ts';
import { startPeer } from '../../support/kernel-peer.ts';
import { needNamespace } from '../../support/needs.ts';
import { needRestriction, NO_IPV6 } from '../../support/restricted.ts';
import { runScript } from '../../support/run-script.ts';

const kernel = platform.openKernel();
/** As in Linux 6.2, an IPv4 bind passes over the hold: here because the hold's own bind (28 bytes of address) is only pretended. */
const BINDS_PASS = 'bind:2=28:0';
/** SO_REUSEADDR (2) of SOL_SOCKET (1) does nothing. */
const REUSE_DOES_NOTHING = 'setsockopt:1=1,2=2:0';

describe('the test of the hold', () => {
  test('finds that this kernel keeps what a hold promises, and leaves nothing behind', async () => {
    const before = readdirSync('/proc/self/fd').length;
    expect(kernel.findHoldProblem()).toBeUndefined();
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
  });

  test('works in threads and namespaces, and without IPv6', async (context) => {
    const wrapper = [...needNamespace(context), ...needRestriction(context, NO_IPV6)];
    await using peer = await startPeer({ wrapper });
    expect(await peer.kernel('findHoldProblem')).toBeUndefined();
  });

  test('finds a kernel that lets strict binds pass', async (context) => {
    const wrapper = [...needNamespace(context), ...needRestriction(context, BINDS_PASS)];
    await using peer = await startPeer({ wrapper });
    expect(await peer.kernel('findHoldProblem')).toMatch(/^a strict ipv4 bind takes a held port/);
  });

  test('finds a kernel that does not let servers with SO_REUSEADDR listen', async (context) => {
    const wrapper = [...needNamespace(context), ...needRestriction(context, REUSE_DOES_NOTHING)];
    await using peer = await startPeer({ wrapper });
    expect(await peer.kernel('findHoldProblem')).toMatch(/^a ipv4 server with SO_REUSEADDR cannot listen/);
  });

  test('is done when a run starts, and its bad news is told once', async (context) => {
    const script = `
      const { PortPool, TCPPortOwner } = await import('./src/index.ts');
      const pool = PortPool.create({ ports: '20000-20019', workers: 2 });
      process.env.PORTSLICE_POOL = pool.handle;
      for (let round = 0; round < 3; round++) new TCPPortOwner();
      PortPool.attach(pool.handle).slice(1);`;
    const wrapper = [...needNamespace(context), ...needRestriction(context, BINDS_PASS)];
    const { status, stderr } = await runScript(script, { wrapper });
    expect(status).toBe(0);
    expect(stderr.match(/\[PORTSLICE_WEAK_HOLD\].*/g)).toEqual([
      expect.stringMatching(/Held ports are not guarded here: a strict ipv4 bind takes a held port/),
    ]);
  });
});
