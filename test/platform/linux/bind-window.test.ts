/** Who calls `listen(0)` has a port from his bind on, and listens some time later: the window in which a hold must see him. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { cleanEnvironment } from '../../support/environment.ts';
import { startPeer } from '../../support/kernel-peer.ts';
import { needNamespace, needProgram } from '../../support/needs.ts';
import { ENDPOINTS } from '../../support/stranger.ts';
import { until } from '../../support/until.ts';
import { EVERYWHERE, nameOf } from '../conformance/holds.ts';
import { startBoundStranger } from './bound-stranger.ts';
import type { Race, RaceResult } from './race.program.ts';

const ephemeralRange = (first: number, last: number): string =>
  `echo "${first} ${last}" > /proc/sys/net/ipv4/ip_local_port_range`;
const everyEndpoint = ENDPOINTS.map((endpoint) => ({ endpoint, name: nameOf(endpoint) }));

describe('A stranger that the kernel has given a port and that does not listen yet', () => {
  test.for(everyEndpoint)('keeps it from being held: on $name', async ({ endpoint }, context) => {
    const wrapper = needNamespace(context, ephemeralRange(20_000, 20_000));
    await using peer = await startPeer({ wrapper });
    const python = needProgram(context, 'python3');
    {
      using stranger = await startBoundStranger(peer, python, endpoint, 0);
      expect(stranger.port).toBe(20_000);
      expect(await peer.kernel('takeHold', 20_000, EVERYWHERE)).toBeUndefined();
      // A hold would not have been in the way of this.
      await stranger.listen();
      expect(await peer.kernel('takeHold', 20_000, EVERYWHERE)).toBeUndefined();
    }
    const isHeld = async (): Promise<boolean> =>
      (await peer.kernel('takeHold', 20_000, EVERYWHERE)) !== undefined;
    await until('the end of the stranger', isHeld);
    await expect(startBoundStranger(peer, python, endpoint, 0)).rejects.toThrow(/Address already in use/);
  });

  test.for(everyEndpoint.filter(({ endpoint: { host } }) => host === '::' || host === '0.0.0.0'))(
    'keeps it from being held over leftovers: on $name',
    async ({ endpoint }, context) => {
      const wrapper = needNamespace(context, ephemeralRange(20_000, 20_000));
      await using peer = await startPeer({ wrapper });
      using stranger = await startBoundStranger(peer, needProgram(context, 'python3'), endpoint, 0);
      expect(await peer.kernel('takeHoldOverLeftovers', 20_000, EVERYWHERE)).toBeUndefined();
      await stranger.listen();
      expect(await peer.kernel('takeHoldOverLeftovers', 20_000, EVERYWHERE)).toBeUndefined();
    },
  );
});

describe('Strangers that do listen(0) all the time in the very range of the pool', () => {
  const [firstPort, lastPort] = [40_000, 40_019];
  const program = fileURLToPath(new URL('race.program.ts', import.meta.url));
  const everyWildcard = ['::', 'only:::', '0.0.0.0'];
  const everyAddress = [...everyWildcard, '127.0.0.1', '::1'];
  type Course = Pick<Race, 'order' | 'addresses'>;

  async function race(wrapper: readonly string[], course: Course): Promise<RaceResult> {
    const plan: Race = { ...course, claims: 3000, firstPort, lastPort };
    const [command, ...args] = [...wrapper, process.execPath, program, JSON.stringify(plan)];
    const { stdout } = await promisify(execFile)(command, args, { env: cleanEnvironment() });
    return JSON.parse(stdout) as RaceResult;
  }

  test.for([
    { order: 'strict', addresses: everyAddress },
    { order: 'strict, then over leftovers', addresses: everyWildcard },
    { order: 'strict, then over leftovers, then on 127.0.0.1', addresses: everyWildcard },
  ] satisfies Course[])(
    'never listen on a held port: $order, strangers on $addresses',
    async (course, context) => {
      needProgram(context, 'python3');
      const result = await race(needNamespace(context, ephemeralRange(firstPort, lastPort)), course);
      expect(result.intrusions).toBe(0);
      // There was something to see.
      expect(result.held).toBeGreaterThan(100);
      expect(result.held).toBeLessThan(3000);
      expect(result.strangersListened).toBeGreaterThan(100);
    },
  );

  test('do listen on one that was bound with SO_REUSEADDR at once', async (context) => {
    needProgram(context, 'python3');
    const wrapper = needNamespace(context, ephemeralRange(firstPort, lastPort));
    let intrusions = 0;
    for (let round = 0; intrusions === 0 && round < 10; round++)
      ({ intrusions } = await race(wrapper, { order: 'options first', addresses: everyAddress }));
    expect(intrusions).toBeGreaterThan(0);
  });
});
