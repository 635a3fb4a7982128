/** Small pools: the next test gets a port on which the server of the last one has left connections, in every state. */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { platform } from '../../../src/platform/platform.ts';
import type { Hold, HoldTarget, InternetAddress } from '../../../src/platform/port-kernel.ts';
import { startPeer } from '../../support/kernel-peer.ts';
import { listen, stopProcess } from '../../support/listening-server.ts';
import { needNamespace, needProgram, programOrNothing } from '../../support/needs.ts';
import { type QuietPorts, reserveQuietPorts } from '../../support/quiet-ports.ts';
import { needRestriction, NO_IPV6 } from '../../support/restricted.ts';
import {
  type Endpoint,
  ENDPOINTS,
  type SocketOption,
  startStranger,
  type Stranger,
} from '../../support/stranger.ts';
import { EVERYWHERE, nameOf } from '../conformance/holds.ts';
import { startBoundStranger } from './bound-stranger.ts';

const program = fileURLToPath(new URL('leftovers.program.py', import.meta.url));
const python = programOrNothing('python3');
const kernel = platform.openKernel();

const STATES = ['TIME_WAIT', 'FIN_WAIT2', 'orphaned-FIN_WAIT2', 'CLOSE_WAIT', 'ESTABLISHED'] as const;
type State = (typeof STATES)[number];
const HOSTS = ['127.0.0.1', '::1'] as const;
const everyState = STATES.flatMap((state) => HOSTS.map((host) => ({ state, host })));

const exactly = (...addresses: readonly InternetAddress[]): HoldTarget => ({ addresses: addresses });
const loopback = (last: number): InternetAddress => ({
  family: 'ipv4',
  bytes: Uint8Array.of(127, 0, 0, last),
  scopeId: 0,
  dual: false,
});
const ipv6Loopback: InternetAddress = {
  family: 'ipv6',
  bytes: Uint8Array.from({ length: 16 }, (_, index) => (index === 15 ? 1 : 0)),
  scopeId: 0,
  dual: false,
};

interface Leftovers {
  readonly port: number;
  readonly state: State;
  readonly host: string;
  readonly options?: readonly SocketOption[];
}

/** A process whose servers have ended. */
interface EndedServers {
  leave(leftovers: Leftovers): Promise<AsyncDisposable>;
  stop(): Promise<void>;
}

async function startEndedServers(interpreter: string): Promise<EndedServers> {
  const child = spawn(interpreter, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ask = async (line: string): Promise<void> => {
    child.stdin.write(`${line}\n`);
    const { done } = await answers.next();
    if (done === true) throw new Error('The Python program has ended.');
  };
  await ask('');
  return {
    leave: async ({ port, state, host, options = ['SO_REUSEADDR'] }) => {
      await ask([port, host, state, ...options].join(' '));
      return { [Symbol.asyncDispose]: () => ask('') };
    },
    stop: () => stopProcess(child),
  };
}

describe.skipIf(python === undefined)('A port with what a server has left', () => {
  const blocks: QuietPorts[] = [];
  let turn = 0;
  let stranger: Stranger;
  let ended: EndedServers;
  let port: number;
  beforeAll(async () => {
    // A port that has been used here is of no use for a minute.
    for (let count = 0; count < 5; count++) blocks.push(await reserveQuietPorts());
    stranger = startStranger(python as string);
    ended = await startEndedServers(python as string);
  });
  afterAll(async () => {
    await Promise.all([stranger, ...blocks].map((each) => each[Symbol.asyncDispose]()));
    await ended.stop();
  });
  const nextPort = (): number => (port = (blocks[turn++ % blocks.length] as QuietPorts).next());

  async function expectGuarded(hold: Hold | undefined, endpoints: readonly Endpoint[]): Promise<void> {
    expect(hold).toBeDefined();
    for (const endpoint of endpoints) {
      expect(await stranger.tryToServe(endpoint, port)).toBe('EADDRINUSE');
      expect(await stranger.tryToServe(endpoint, port, ['SO_REUSEADDR'])).toBe('done');
    }
    kernel.closeDescriptors(hold?.descriptors ?? []);
  }

  test.each(everyState)(
    'in $state on $host is held by the second function if the server had SO_REUSEADDR',
    async ({ state, host }) => {
      for (const options of [['SO_REUSEADDR'], ['SO_REUSEADDR', 'SO_REUSEPORT']] as const) {
        nextPort();
        await using _left = await ended.leave({ port, state, host, options });
        expect(kernel.takeHold(port, EVERYWHERE)).toBeUndefined();
        await expectGuarded(kernel.takeHoldOverLeftovers(port, EVERYWHERE), ENDPOINTS);
      }
    },
  );

  test.each(everyState)(
    'in $state on $host is refused if the server had not, and it could not listen there either',
    async ({ state, host }) => {
      for (const options of [[], ['SO_REUSEPORT']] as const) {
        nextPort();
        await using _left = await ended.leave({ port, state, host, options });
        expect(kernel.takeHold(port, EVERYWHERE)).toBeUndefined();
        expect(kernel.takeHoldOverLeftovers(port, EVERYWHERE)).toBeUndefined();
        const again: Endpoint = { family: host === '::1' ? 'ipv6' : 'ipv4', host };
        expect(await stranger.tryToServe(again, port, ['SO_REUSEADDR'])).toBe('EADDRINUSE');
      }
    },
  );

  test.each(ENDPOINTS.filter(({ host }) => host === '0.0.0.0' || host === '::').map(withName))(
    'is refused while a stranger is bound to $name beside them and does not listen yet',
    async ({ endpoint }) => {
      for (const host of HOSTS) {
        nextPort();
        await using _left = await ended.leave({ port, state: 'TIME_WAIT', host });
        const id = await stranger.open(endpoint, ['SO_REUSEADDR']);
        expect(await stranger.bind(id, endpoint, port)).toBe('done');
        expect(kernel.takeHoldOverLeftovers(port, EVERYWHERE)).toBeUndefined();
        expect(await stranger.listen(id)).toBe('done');
        await stranger.close(id);
        await expectGuarded(kernel.takeHoldOverLeftovers(port, EVERYWHERE), ENDPOINTS);
      }
    },
  );

  test.each(ENDPOINTS.filter(({ host }) => host !== '0.0.0.0' && host !== '::').map(withName))(
    'is held, which is a limit, while a stranger is bound to $name alone, who can listen later and is then found',
    async ({ endpoint }) => {
      nextPort();
      const id = await stranger.open(endpoint, ['SO_REUSEADDR']);
      expect(await stranger.bind(id, endpoint, port)).toBe('done');
      expect(kernel.takeHold(port, EVERYWHERE)).toBeUndefined();
      const hold = kernel.takeHoldOverLeftovers(port, EVERYWHERE);
      expect(hold).toBeDefined();
      expect(await stranger.listen(id)).toBe('done');
      expect(kernel.somethingListens(port, 'everywhere')).toBe(true);
      expect(platform.findListeners(port)).toHaveLength(1);
      await stranger.close(id);
      kernel.closeDescriptors(hold?.descriptors ?? []);
    },
  );

  test.each(everyState)(
    'in $state on $host is sealed if the server had SO_REUSEADDR, and cannot be, which is a limit, if it had SO_REUSEPORT alone',
    async ({ state, host }) => {
      for (const options of [['SO_REUSEADDR'], ['SO_REUSEPORT']] as const) {
        nextPort();
        const hold = kernel.takeHold(port, EVERYWHERE) as Hold;
        await using _left = await ended.leave({ port, state, host, options });
        kernel.closeDescriptors(hold.descriptors);
        const seal = kernel.takeSeal(port, 'everywhere');
        expect(seal?.length).toBe(options[0] === 'SO_REUSEADDR' ? 1 : undefined);
        kernel.closeDescriptors(seal ?? []);
      }
    },
  );

  describe('and a server of somebody else on another address', () => {
    const target = exactly(loopback(1), ipv6Loopback);
    const ours = ENDPOINTS.filter(({ host }) => host === '127.0.0.1' || host === '::1');

    test('is held on the addresses of the target, whether or not there is anything left on them', async () => {
      for (const host of [undefined, ...HOSTS]) {
        nextPort();
        await using _foreign = await listen({ port, host: '127.0.0.2' });
        const left = host === undefined ? undefined : await ended.leave({ port, state: 'TIME_WAIT', host });
        expect(kernel.takeHold(port, target)).toBeUndefined();
        const before = readdirSync('/proc/self/fd').length;
        const hold = kernel.takeHoldOverLeftovers(port, target) as Hold;
        expect(hold.addresses).toBe(target.addresses);
        expect(readdirSync('/proc/self/fd')).toHaveLength(before + 2);
        await expectGuarded(hold, ours);
        await left?.[Symbol.asyncDispose]();
      }
    });

    test('is refused while a stranger that does not listen yet is bound to every address, or strictly to one', async () => {
      for (const { endpoint, options } of [
        { endpoint: { family: 'ipv6', host: '::' }, options: ['SO_REUSEADDR'] },
        { endpoint: { family: 'ipv6', host: '::1' }, options: [] },
        { endpoint: { family: 'ipv4', host: '127.0.0.1' }, options: [] },
      ] as const) {
        nextPort();
        await using _foreign = await listen({ port, host: '127.0.0.2' });
        const id = await stranger.open(endpoint, options);
        expect(await stranger.bind(id, endpoint, port)).toBe('done');
        const before = readdirSync('/proc/self/fd').length;
        expect(kernel.takeHoldOverLeftovers(port, target)).toBeUndefined();
        expect(readdirSync('/proc/self/fd')).toHaveLength(before);
        expect(await stranger.listen(id)).toBe('done');
        await stranger.close(id);
      }
    });

    test('is refused for a target of one address too, while a wildcard socket of its family is bound', async () => {
      for (const { address, host, dual, foreign } of [
        { address: loopback(1), host: '0.0.0.0', dual: false, foreign: '::1' },
        { address: loopback(1), host: '::', dual: true, foreign: undefined },
        { address: ipv6Loopback, host: '::', dual: false, foreign: '127.0.0.1' },
      ] as const) {
        nextPort();
        await using _left = await ended.leave({ port, state: 'TIME_WAIT', host: hostOf(address) });
        const server = foreign === undefined ? undefined : await listen({ port, host: foreign });
        const endpoint: Endpoint = { family: host === '::' ? 'ipv6' : 'ipv4', host, dual };
        const id = await stranger.open(endpoint, ['SO_REUSEADDR']);
        expect(await stranger.bind(id, endpoint, port)).toBe('done');
        expect(kernel.takeHoldOverLeftovers(port, exactly(address))).toBeUndefined();
        await stranger.close(id);
        const hold = kernel.takeHoldOverLeftovers(port, exactly(address));
        expect(hold).toBeDefined();
        kernel.closeDescriptors(hold?.descriptors ?? []);
        await server?.close();
      }
    });
  });
});

/** What refuses or allows a bind of an address that the machine has not. */
const SURROUNDINGS = [
  { name: 'is ordinary' },
  { name: 'allows foreign addresses to all', setup: 'echo 1 > /proc/sys/net/ipv4/ip_nonlocal_bind' },
  { name: 'makes IPv6 sockets of IPv6 alone', setup: 'echo 1 > /proc/sys/net/ipv6/bindv6only' },
  { name: 'has IPv6 disabled by sysctl', setup: 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6' },
  { name: 'has no IPv6', rules: [NO_IPV6] },
  {
    name: 'refuses IP_FREEBIND and IPV6_FREEBIND',
    rules: ['setsockopt:1=0,2=15:EPERM', 'setsockopt:1=41,2=78:ENOPROTOOPT'],
  },
] as const;

describe.for(SURROUNDINGS)('Where the machine $name', (surroundings) => {
  const wildcards = ENDPOINTS.filter(({ host }) => host === '0.0.0.0' || host === '::');
  const setup = 'setup' in surroundings ? surroundings.setup : undefined;
  const rules = 'rules' in surroundings ? surroundings.rules : [];
  /** Strangers of a family that we cannot see there do no harm: nothing of ours listens on it. */
  const hasIPv6 = !(rules as readonly string[]).includes(NO_IPV6);

  test('the hold passes over what a server has left, and not over a stranger', async (context) => {
    const interpreter = needProgram(context, 'python3');
    const wrapper = [...needNamespace(context, setup), ...needRestriction(context, ...rules)];
    await using peer = await startPeer({ wrapper });
    await peer.tell.run(interpreter, [program, '20000', '127.0.0.1', 'TIME_WAIT', 'SO_REUSEADDR']);
    const before = await peer.tell.countDescriptors();
    expect(await peer.kernel('takeHold', 20_000, EVERYWHERE)).toBeUndefined();
    const hold = await peer.kernel('takeHoldOverLeftovers', 20_000, EVERYWHERE);
    expect(hold).toEqual({ kind: 'held', descriptors: [expect.any(Number)], addresses: 'everywhere' });
    expect(await peer.tell.listen({ port: 20_000, host: '127.0.0.1' })).toBe(20_000);
    await peer.tell.closeServers();
    await peer.kernel('closeDescriptors', hold?.descriptors ?? []);
    expect(await peer.tell.countDescriptors()).toBe(before);

    for (const [index, endpoint] of wildcards.entries()) {
      if (endpoint.family === 'ipv6' && !hasIPv6) continue;
      const port = 20_001 + index;
      using _stranger = await startBoundStranger(peer, interpreter, endpoint, port);
      expect(await peer.kernel('takeHoldOverLeftovers', port, EVERYWHERE)).toBeUndefined();
    }
    expect(await peer.tell.countDescriptors()).toBe(before);
  });
});

function withName(endpoint: Endpoint): { endpoint: Endpoint; name: string } {
  return { endpoint, name: nameOf(endpoint) };
}

function hostOf({ family }: InternetAddress): string {
  return family === 'ipv4' ? '127.0.0.1' : '::1';
}
