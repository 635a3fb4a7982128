/**
 * DESIGN.md, C1 ("typed errors, never taken") and guarantee 4: where a process or a system has nothing left, or denies
 * something, the error is typed and names the limit, or the service goes on as documented; and everything that was taken
 * on the way is given back. Each case compares descriptors, records and the kernel's locks with what they were before.
 *
 * ENFILE, ENOBUFS and ENOMEM are the answers of a filter in the kernel (seccomp). The true limits are those of the whole
 * machine, and a test that reaches them takes everything else on it down.
 */
import { describe, expect, test, type TestContext } from 'vitest';
import { TCPPortOwner } from '../../src/index.ts';
import { needNamespace } from '../support/needs.ts';
import { startProgram } from '../support/program.ts';
import { needRestriction } from '../support/restricted.ts';
import { projectFolder, scriptOutput } from '../support/run-script.ts';
import { openTestPool, type TestPool } from '../support/test-pool.ts';
import type { LimitsCommands } from './limits.program.ts';
import { repetitions, soakTimeoutMs } from './scale.ts';

const FEW_DESCRIPTORS = ['sh', '-c', 'ulimit -n 128; exec "$0" "$@"'];
const TIMEOUT_MS = soakTimeoutMs(60_000, 300_000);

/** Code for scripts. */
const TOOLS = `
  import { PortPool, TCPPortOwner } from './src/index.ts';
  import { countDescriptors, useUpDescriptors } from './test/support/descriptors.ts';
  const codes = [];
  process.on('warning', ({ code }) => codes.push(code));
  const attempt = async (act) => {
    try { return { outcome: 'done', value: await act() } }
    catch (error) { return { outcome: error.code, message: error.message } }
  };`;

/** What others get of the pool afterwards: everything. */
async function expectAllFree({ pool, ports }: TestPool): Promise<void> {
  expect(pool.snapshot().filter(({ state }) => state !== 'free')).toEqual([]);
  const owners = await TCPPortOwner.acquireMany(ports.length);
  for (const owner of owners) owner.cleanup();
}

/** Where a descriptor is wanted only to find something out. */
const OTHER_CODES: Readonly<Record<string, string>> = {
  'server ports': 'PORTSLICE_EPHEMERAL_RANGE',
  'wait for a server': 'PORTSLICE_WAIT_TIMEOUT',
};

describe('out of descriptors', { timeout: TIMEOUT_MS }, () => {
  test('each step fails with the limit until there are enough for it, and takes nothing', async () => {
    await using opened = await openTestPool(5);
    await using program = startProgram<LimitsCommands>(new URL('limits.program.ts', import.meta.url), {
      wrapper: FEW_DESCRIPTORS,
      nodeOptions: ['--no-warnings'],
      env: opened.env,
    });
    const attempts = await program.call('attemptAll');
    const failed = attempts.filter(({ outcome }) => outcome !== 'done');
    const lefts: Record<string, number[]> = {};
    for (const { step, left } of failed) (lefts[step] ??= []).push(left);
    expect(lefts).toEqual({
      create: [0, 1, 2, 3],
      'server ports': [0],
      claim: [0, 1],
      'claim without a hold': [0, 1],
      'claim on one address': [0, 1],
      acquire: [0, 1],
      'acquire three': [0, 1, 2, 3, 4, 5],
      'in use': [0, 1],
      'wait for a server': [0],
    });
    for (const { step, outcome, message } of failed) {
      expect(outcome).toBe(OTHER_CODES[step] ?? 'PORTSLICE_RESOURCE_LIMIT');
      expect(message).toContain('EMFILE');
    }
    const limits = failed.filter(({ outcome }) => outcome === 'PORTSLICE_RESOURCE_LIMIT');
    expect(limits.filter(({ message }) => !message.includes('ulimit -n'))).toEqual([]);
    const done = attempts.filter(({ outcome }) => outcome === 'done').map(({ step }) => step);
    expect(new Set(done).size).toBe(done.length);
    expect(done).toEqual(expect.arrayContaining(['claim from seals', 'statistics', 'release', 'seal']));
    expect(attempts.filter(({ moreDescriptors }) => moreDescriptors !== 0)).toEqual([]);
    expect(attempts.filter(({ busyPorts }) => busyPorts.length > 0)).toEqual([]);
    await expectAllFree(opened);
  });

  test.each(Array.from({ length: repetitions(3, 12) }, (_, left) => left))(
    'the first port of a process, with nothing loaded yet and %i left, is there or a typed error',
    async (left) => {
      await using opened = await openTestPool(1);
      const script = `${TOOLS}
        const before = countDescriptors();
        const giveBack = useUpDescriptors(${left});
        const first = await attempt(() => new TCPPortOwner().cleanup());
        giveBack();
        const after = countDescriptors();
        const second = await attempt(() => new TCPPortOwner().port);
        console.log(JSON.stringify({ first, second: second.value, more: after - before }));`;
      const { first, second, more } = await scriptOutput<{
        first: { outcome: string; message?: string };
        second: number;
        more: number;
      }>(script, { wrapper: FEW_DESCRIPTORS, env: opened.env });
      // The foreign function interface needs one for a moment, too.
      const limit = /^PORTSLICE_(RESOURCE_LIMIT|FFI_UNAVAILABLE): .*(EMFILE|too many open files)/i;
      expect(`${first.outcome}: ${first.message}`).toMatch(left < 2 ? limit : /^done: /);
      expect(more).toBe(0);
      expect(second).toBe(opened.ports[0]);
    },
  );

  test('because of what terminated threads have left is no limit', async () => {
    await using opened = await openTestPool(40);
    const thread = `
      import { parentPort } from 'node:worker_threads';
      import { TCPPortOwner } from ${JSON.stringify(`${projectFolder}/src/index.ts`)};
      globalThis.owners = await TCPPortOwner.acquireMany(25);
      parentPort.postMessage('ready');
      setInterval(() => {}, 1000);`;
    const script = `${TOOLS}
      import { once } from 'node:events';
      import { Worker } from 'node:worker_threads';
      const thread = new Worker(${JSON.stringify(thread)}, { eval: true });
      await once(thread, 'message');
      await thread.terminate();
      new TCPPortOwner().cleanup();
      useUpDescriptors(1);
      let result;
      const owners = [];
      // Right after the end of a thread the kernel may still name it for a moment.
      for (let look = 0; look < 500; look++) {
        result = await attempt(() => { while (owners.length < 15) owners.push(new TCPPortOwner()) });
        if (result.outcome === 'done') break;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      console.log(JSON.stringify({ ...result, count: new Set(owners.map(Number)).size }));`;
    expect(await scriptOutput(script, { wrapper: FEW_DESCRIPTORS, env: opened.env })).toEqual({
      outcome: 'done',
      count: 15,
    });
  });
});

const failure = (call: string, errnoName: string) => ({
  outcome: 'PORTSLICE_RESOURCE_LIMIT',
  message: expect.stringMatching(new RegExp(`^${call}.* failed with ${errnoName}: the `)) as string,
});

describe('a system that has nothing left', { timeout: TIMEOUT_MS }, () => {
  const done = { outcome: 'done' };
  const LOCKS = 'socket:0=1:ENFILE';

  test.for([
    { rule: 'memfd_create::ENFILE', created: failure('memfd_create', 'ENFILE'), claimed: done },
    {
      rule: 'socket:0=10:ENOBUFS',
      created: failure('socket', 'ENOBUFS'),
      claimed: failure('socket', 'ENOBUFS'),
    },
    { rule: 'bind::ENOMEM', created: failure('bind', 'ENOMEM'), claimed: failure('bind', 'ENOMEM') },
    // The option that a hold gets after its bind.
    {
      rule: 'setsockopt:1=1,2=15:ENOBUFS',
      created: failure('setsockopt', 'ENOBUFS'),
      claimed: failure('setsockopt', 'ENOBUFS'),
    },
  ])('is named, and nothing is kept: $rule', async ({ rule, created, claimed }, context) => {
    await using opened = await openTestPool(2);
    const script = `${TOOLS}
      const run = PortPool.attach();
      const before = countDescriptors();
      const created = await attempt(() => PortPool.create({ ports: '${opened.spec}' }).close());
      const claimed = await attempt(() => new TCPPortOwner().cleanup());
      const states = run.snapshot().map(({ state }) => state);
      console.log(JSON.stringify({ created, claimed, states, more: countDescriptors() - before }));`;
    const wrapper = needRestriction(context, rule);
    const { states, ...result } = await scriptOutput<{ states: string[] }>(script, {
      wrapper,
      env: opened.env,
    });
    expect(result).toEqual({ created, claimed, more: 0 });
    expect(states.filter((state) => state !== 'free')).toEqual([]);
    await expectAllFree(opened);
  });

  test(`is named by attaching, which asks a socket for its network namespace: ${LOCKS}`, async (context) => {
    await using opened = await openTestPool(2);
    const script = `${TOOLS}
      const before = countDescriptors();
      const attached = await attempt(() => PortPool.attach());
      console.log(JSON.stringify({ attached, more: countDescriptors() - before }));`;
    const wrapper = needRestriction(context, LOCKS);
    expect(await scriptOutput(script, { wrapper, env: opened.env })).toEqual({
      attached: failure('socket', 'ENFILE'),
      more: 0,
    });
    await expectAllFree(opened);
  });
});

describe("Node's own limits", { timeout: TIMEOUT_MS }, () => {
  const READ = ['--permission', '--allow-addons', '--allow-fs-read=*'];
  const done = /^done: /;
  const noAddons = /^PORTSLICE_FFI_UNAVAILABLE: .*--allow-addons/;
  const denied = { create: noAddons, attach: noAddons, claim: noAddons, warned: false };
  const notWritable = /^PORTSLICE_POOL_FOREIGN: .*--allow-fs-write/;

  test.for([
    { nodeOptions: ['--no-addons'], expected: denied },
    { nodeOptions: ['--permission', '--allow-fs-read=*'], expected: denied },
    // Another process's memory is opened for writing: without that, a private pool, and a warning.
    { nodeOptions: READ, expected: { create: done, attach: notWritable, claim: done, warned: true } },
    {
      nodeOptions: [...READ, '--allow-fs-write=*'],
      expected: { create: done, attach: done, claim: done, warned: false },
    },
  ])('are typed errors or go on: $nodeOptions', async ({ nodeOptions, expected }) => {
    await using opened = await openTestPool(3);
    const script = `${TOOLS}
      const texts = {};
      const tell = ({ outcome, message }) => outcome + ': ' + message;
      texts.create = tell(await attempt(() => PortPool.create().close()));
      texts.attach = tell(await attempt(() => PortPool.attach()));
      const claim = await attempt(() => { const owner = new TCPPortOwner(); owner.cleanup(); return owner.port; });
      texts.claim = tell(claim);
      await new Promise((resolve) => setImmediate(resolve));
      console.log(JSON.stringify({ texts, port: claim.value, warned: codes.includes('PORTSLICE_POOL_UNUSABLE') }));`;
    const env = { ...opened.env, PORTSLICE_PORTS: opened.spec };
    const { texts, port, warned } = await scriptOutput<{
      texts: Record<'create' | 'attach' | 'claim', string>;
      port?: number;
      warned: boolean;
    }>(script, { nodeOptions, env });
    expect(texts.create).toMatch(expected.create);
    expect(texts.attach).toMatch(expected.attach);
    expect(texts.claim).toMatch(expected.claim);
    expect(warned).toBe(expected.warned);
    expect(opened.ports.includes(port ?? 0)).toBe(expected !== denied);
    await expectAllFree(opened);
  });
});

describe('a machine that lacks something', { timeout: TIMEOUT_MS }, () => {
  /** Claims, serves and releases, and tells what it was warned of and what is left. */
  const LIFE = `${TOOLS}
    import net from 'node:net';
    import { once } from 'node:events';
    const pool = PortPool.create();
    process.env.PORTSLICE_POOL = pool.handle;
    const owners = await TCPPortOwner.acquireMany(300);
    const ours = new Set(owners.map(Number));
    let met = 0;
    for (let turn = 0; turn < 3000; turn++) {
      const server = net.createServer().listen({ port: 0, host: '127.0.0.1' });
      await once(server, 'listening');
      if (ours.has(server.address().port)) met++;
      server.close();
      await once(server, 'close');
    }
    const server = net.createServer().listen(owners[0].port);
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    for (const owner of owners) owner.cleanup();
    const busy = pool.snapshot().filter(({ state }) => state !== 'free').length;
    const again = new TCPPortOwner();
    pool.close();
    const numbers = [...pool.ports].sort((a, b) => a - b);
    console.log(JSON.stringify({ met, busy, count: ours.size, first: numbers[0], last: numbers.at(-1), codes }));`;

  const live = (context: TestContext, setup: string): Promise<unknown> =>
    scriptOutput(LIFE, { wrapper: needNamespace(context, setup) });

  test('an ephemeral range of 1024-65535 leaves 1024-49151, guarded, with one warning', async (context) => {
    const setup = 'echo "1024 65535" > /proc/sys/net/ipv4/ip_local_port_range';
    expect(await live(context, setup)).toEqual({
      met: 0,
      busy: 0,
      count: 300,
      first: 1024,
      last: 49151,
      codes: ['PORTSLICE_WHOLE_RANGE'],
    });
  });

  test('no /proc: the ephemeral range is guessed, with one warning, and everything works', async (context) => {
    expect(await live(context, 'mount -t tmpfs none /proc')).toEqual({
      met: 0,
      busy: 0,
      count: 300,
      first: 1024,
      last: 49151,
      codes: ['PORTSLICE_EPHEMERAL_GUESSED'],
    });
  });
});
