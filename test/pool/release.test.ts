/** What becomes of a port after its test: free, leaked or sealed. */
import { describe, expect, test } from 'vitest';
import { PortPoolExhaustedError, portIsInUse, TCPPortOwner } from '../../src/index.ts';
import { errorOf } from '../support/catch-error.ts';
import { seesEveryAddress } from '../support/kernel-traits.ts';
import { listen, startServer } from '../support/listening-server.ts';
import { needNamespace, needProgram } from '../support/needs.ts';
import { stateOfOwner, releaseSealed } from '../support/pool-internals.ts';
import { type PortBlock, reservePorts } from '../support/port-block.ts';
import { startPortWorker } from '../support/port-worker.ts';
import { scriptOutput } from '../support/run-script.ts';
import { openTestPool, type TestPool } from '../support/test-pool.ts';
import { collectWarnings } from '../support/warnings.ts';

const WAIT = { acquireTimeoutMs: 10_000 };

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function stateOf({ pool }: TestPool, port: number): string | undefined {
  return pool.snapshot().find((record) => record.port === port)?.state;
}

describe('a port on which nothing listens', () => {
  test('is free at once, with its times in the record and without a warning', async () => {
    await using opened = await openTestPool(1);
    using warnings = collectWarnings();
    const owner = new TCPPortOwner({ label: 'done' });
    expect(opened.pool.snapshot()[0]?.releasedAtMs).toBeUndefined();
    {
      await using _server = await listen({ port: owner.port });
    }
    owner.cleanup();
    const [record] = opened.pool.snapshot();
    expect(record).toMatchObject({ state: 'free', label: 'done', claimCount: 1 });
    expect(record?.releasedAtMs).toBeGreaterThanOrEqual(record?.claimedAtMs ?? Number.NaN);
    expect(portIsInUse(owner.port)).toBe(false);
    expect(await warnings.withCode('PORTSLICE_LEAK')).toEqual([]);
    expect(opened.pool.stats().leaks).toBe(0);
  });
});

describe('a leak', () => {
  test('is not the server of a process that is about to end, or a socket that a forked child has until its exec', async () => {
    await using opened = await openTestPool(1);
    using warnings = collectWarnings();
    const owner = new TCPPortOwner();
    await using server = await startServer(owner.port);
    process.kill(server.pid, 'SIGKILL');
    owner.cleanup();
    expect(stateOf(opened, owner.port)).toBe('free');
    expect(await warnings.withCode('PORTSLICE_LEAK')).toEqual([]);
  });

  test('is named with port, label, process and command', async () => {
    await using opened = await openTestPool(1);
    using warnings = collectWarnings();
    const owner = new TCPPortOwner({ label: 'shop › forgets its server' });
    await using server = await startServer(owner.port);
    owner.cleanup();
    owner.cleanup();
    const [message, ...more] = await warnings.withCode('PORTSLICE_LEAK');
    expect(more).toEqual([]);
    expect(message).toContain(`Port ${owner.port} was released by 'shop › forgets its server'`);
    expect(message).toMatch(
      new RegExp(`pid ${server.pid} \\(.*listening-server\\.program\\.ts ${owner.port}\\) still listens`),
    );
    expect(opened.pool.stats()).toMatchObject({ leaks: 1, currentlyAllocatedPorts: 0 });
    expect(stateOf(opened, owner.port)).toBe('sealed');
  });

  const everywhere = ['127.0.0.1', '::1', '::', ...(seesEveryAddress ? ['127.0.0.2'] : [])];
  test.each(everywhere)('is found if the server listens on %s', async (host) => {
    await using opened = await openTestPool(1);
    using warnings = collectWarnings();
    const owner = new TCPPortOwner();
    await using _server = await listen({ port: owner.port, host });
    owner.cleanup();
    expect(await warnings.withCode('PORTSLICE_LEAK')).toHaveLength(1);
    expect(stateOf(opened, owner.port)).toBe('sealed');
  });

  test('keeps its port out of use for everybody as long as the server listens', async () => {
    await using opened = await openTestPool(1);
    using _warnings = collectWarnings();
    const owner = new TCPPortOwner();
    await using server = await startServer(owner.port);
    owner.cleanup();
    await using otherRun = startPortWorker({ env: { PORTSLICE_PORTS: opened.spec } });
    expect(await otherRun.call('claimAll')).toEqual([]);
    await errorOf(PortPoolExhaustedError, () => TCPPortOwner.acquire({ acquireTimeoutMs: 50 }));
    expect(stateOf(opened, owner.port)).toBe('sealed');
    await server.stop();
    using next = new TCPPortOwner();
    expect(next.port).toBe(owner.port);
  });

  test('is freed for another process once the server is gone and the pool needs the port', async () => {
    await using opened = await openTestPool(1);
    await using worker = startPortWorker({ env: opened.env });
    const port = await worker.call('claim');
    await worker.call('listen', port);
    await worker.call('release', port);
    expect(await worker.call('warnings')).toHaveLength(1);
    await errorOf(PortPoolExhaustedError, () => TCPPortOwner.acquire({ acquireTimeoutMs: 100 }));
    await worker.call('closeServer', port);
    using owner = await TCPPortOwner.acquire(WAIT);
    expect(owner.port).toBe(port);
  });
});

describe('the port of a failed test', () => {
  test('is sealed: nobody can listen on it any more, with whatever options', async () => {
    await using opened = await openTestPool(1);
    const owner = new TCPPortOwner({ label: 'fails' });
    const { port } = owner;
    releaseSealed(owner);
    expect(stateOf(opened, port)).toBe('sealed');
    await using worker = startPortWorker();
    const ways = [{}, { host: '127.0.0.1' }, { host: '::1' }, { reusePort: true }, { exclusive: true }];
    const codes = await Promise.all(ways.map((way) => listen({ port, ...way }).catch(codeOf)));
    expect(codes).toEqual(ways.map(() => 'EADDRINUSE'));
    await expect(worker.call('listen', port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(opened.pool.stats()).toMatchObject({ leaks: 0, currentlyAllocatedPorts: 0 });
  });

  test('is sealed also where only exact addresses were held', async () => {
    await using opened = await openTestPool(1);
    const [port] = opened.ports as [number];
    await using _server = await listen({ port, host: '::1' });
    const owner = new TCPPortOwner({ hosts: ['127.0.0.1'] });
    releaseSealed(owner);
    expect(stateOf(opened, port)).toBe('sealed');
    await expect(listen({ port, host: '127.0.0.1' })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  test('is sealed also if it was owned without a hold', async () => {
    await using opened = await openTestPool(1);
    const owner = new TCPPortOwner({ hold: false });
    releaseSealed(owner);
    expect(stateOf(opened, owner.port)).toBe('sealed');
    await expect(listen({ port: owner.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  test('is handed out again by its own process when nothing else is free', async () => {
    await using opened = await openTestPool(2);
    const sealed = new TCPPortOwner();
    releaseSealed(sealed);
    using other = new TCPPortOwner();
    expect(other.port).not.toBe(sealed.port);
    using again = new TCPPortOwner();
    expect(again.port).toBe(sealed.port);
    await using _server = await listen({ port: again.port });
    expect(opened.pool.stats().currentlyAllocatedPorts).toBe(2);
  });

  test('is freed for another process that finds no other port', async () => {
    await using opened = await openTestPool(2);
    await using worker = startPortWorker({ env: opened.env });
    for (const port of await worker.call('acquireMany', 2)) await worker.call('releaseSealed', port);
    expect(opened.pool.snapshot().map(({ state }) => state)).toEqual(['sealed', 'sealed']);
    using _first = await TCPPortOwner.acquire(WAIT);
    // One at a time: what nobody needs stays sealed.
    expect(opened.pool.snapshot().map(({ state }) => state)).toContain('held');
    using _second = await TCPPortOwner.acquire(WAIT);
    await using _server = await listen({ port: _second.port });
  });

  test('with a server still on it is a leak', async () => {
    await using opened = await openTestPool(1);
    using warnings = collectWarnings();
    const owner = new TCPPortOwner({ label: 'fails and leaks' });
    await using _server = await listen({ port: owner.port });
    releaseSealed(owner);
    expect((await warnings.withCode('PORTSLICE_LEAK'))[0]).toContain(
      `'fails and leaks', but this test process itself (pid ${process.pid})`,
    );
    expect(stateOfOwner(owner)).toBe('leaked');
    expect(opened.pool.stats().leaks).toBe(1);
  });

  test('stays sealed if its owner is cleaned up once more', async () => {
    await using opened = await openTestPool(1);
    const owner = new TCPPortOwner();
    releaseSealed(owner);
    owner.cleanup();
    expect(stateOf(opened, owner.port)).toBe('sealed');
    await expect(listen({ port: owner.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

/** In a process of its own: the lines, with a pool of the ports, what became of owners, and all ports claimed anew. */
function scriptWithPool({ spec }: PortBlock, lines: string): string {
  return `
    import { execFileSync, spawn } from 'node:child_process';
    import { once } from 'node:events';
    import { closeSync, openSync } from 'node:fs';
    import net from 'node:net';
    import { inspect } from 'node:util';
    import { PortPool, TCPPortOwner } from './src/index.ts';
    import { stateOfOwner, releaseSealed } from './test/support/pool-internals.ts';

    const pool = PortPool.create({ ports: '${spec}' });
    process.env.PORTSLICE_POOL = pool.handle;
    const statesOf = (owners) => owners.map(stateOfOwner);
    const claimAgain = async () => {
      process.env.PORTSLICE_POOL = PortPool.create({ ports: '${spec}' }).handle;
      const owners = await TCPPortOwner.acquireMany(3, { hosts: ['127.0.0.1'] });
      return owners.map(Number).toSorted();
    };
    ${lines}
  `;
}

describe('an owner whose address is gone from this machine', () => {
  test('is released or sealed all the same, and free when others need it or the pool ends', async (context) => {
    await using block = await reservePorts(3);
    const ip = needProgram(context, 'ip');
    const script = scriptWithPool(
      block,
      `
      const address = (act) => execFileSync('${ip}', ['addr', act, '10.1.1.1/32', 'dev', 'lo']);
      address('add');
      for (const port of ${JSON.stringify(block.ports)}) {
        await once(net.createServer().listen(port, '127.0.0.9').unref(), 'listening');
      }
      const owners = [1, 2, 3].map(() => new TCPPortOwner({ hosts: ['10.1.1.1'] }));
      const [released, sealed] = owners;
      address('del');
      released.cleanup();
      releaseSealed(sealed);
      const states = [statesOf(owners)];
      // With it nothing is free, so that the other process asks for what is sealed.
      const again = new TCPPortOwner({ hosts: ['127.0.0.1'] });
      const other = "import { TCPPortOwner } from './src/index.ts';" +
        "console.log((await TCPPortOwner.acquire({ hosts: ['127.0.0.1'] })).port);";
      const child = spawn(process.execPath, ['--input-type=module', '-e', other], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [[port]] = await Promise.all([once(child.stdout, 'data'), once(child, 'exit')]);
      states.push(statesOf(owners));
      pool.close();
      states.push(statesOf([...owners, again]));
      const given = Number(port) === sealed.port;
      console.log(JSON.stringify({ states, given, free: await claimAgain() }));
      `,
    );
    const wrapper = needNamespace(context);
    expect(await scriptOutput(script, { wrapper, nodeOptions: ['--no-warnings'] })).toEqual({
      states: [
        ['free', 'leaked', 'held'],
        ['free', 'free', 'held'],
        ['free', 'free', 'free', 'free'],
      ],
      given: true,
      free: block.ports,
    });
  });
});

describe('without descriptors', () => {
  test('a pool can still be ended, with its sealed and leaked ports too', async () => {
    await using block = await reservePorts(3);
    const script = scriptWithPool(
      block,
      `
      const owners = [1, 2, 3].map(() => new TCPPortOwner());
      const [, sealed, leaked] = owners;
      const server = net.createServer().listen(leaked.port);
      await once(server, 'listening');
      leaked.cleanup();
      releaseSealed(sealed);
      const before = statesOf(owners);
      const opened = [];
      try { for (;;) opened.push(openSync('/dev/null')) } catch {}
      pool.close();
      const after = statesOf(owners);
      for (const descriptor of opened) closeSync(descriptor);
      await new Promise((resolve) => server.close(resolve));
      console.log(JSON.stringify({ before, after, free: await claimAgain() }));
      `,
    );
    const wrapper = ['sh', '-c', 'ulimit -n 256; exec "$0" "$@"'];
    expect(await scriptOutput(script, { wrapper, nodeOptions: ['--no-warnings'] })).toEqual({
      before: ['held', 'sealed', 'leaked'],
      after: ['free', 'free', 'free'],
      free: block.ports,
    });
  });

  test.each([{}, { hold: false }])('an owner with %o can still be sealed', async (options) => {
    await using opened = await openTestPool(1);
    await using worker = startPortWorker({ env: opened.env, descriptorLimit: 256 });
    const port = await worker.call('claim', options);
    await worker.call('useUpDescriptors', 0);
    await worker.call('releaseSealed', port);
    expect(stateOf(opened, port)).toBe('sealed');
    expect(opened.pool.stats().currentlyAllocatedPorts).toBe(0);
    await worker.call('giveDescriptorsBack');
    using owner = await TCPPortOwner.acquire(WAIT);
    expect(owner.port).toBe(port);
  });
});
