/** PortPool.create and PortPool.attach: what a handle may name, and what becomes of one that names something else. */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parsePoolHandle, type PoolHandle } from '../../src/core/pool-handle.ts';
import { HeaderWord, NETWORK_NAMESPACE_OFFSET, segmentOffsets } from '../../src/core/segment-layout.ts';
import {
  InvalidOptionError,
  PoolClosedError,
  PoolHandleError,
  PoolStaleError,
  PortPool,
  type PortPoolOptions,
  portIsInUse,
  TCPPortOwner,
} from '../../src/index.ts';
import { libc } from '../../src/platform/linux/libc.ts';
import { platform } from '../../src/platform/platform.ts';
import { errorOf } from '../support/catch-error.ts';
import { hasLinuxFiles } from '../support/kernel-traits.ts';
import { namespaceWrapper } from '../support/namespaces.ts';
import { startPortWorker, type PortWorker } from '../support/port-worker.ts';
import { scriptOutput } from '../support/run-script.ts';
import { openTestPool } from '../support/test-pool.ts';
import { until } from '../support/until.ts';

const RUN_ID = '0123456789abcdef0123456789abcdef';

function descriptorOf(handle: string): number {
  return Number(handle.split(':')[4]);
}

/** The code of the error with which the worker's attach ends, and its message. */
async function attachProblem(worker: PortWorker, handle: string): Promise<[code: unknown, message: string]> {
  try {
    await worker.call('attach', handle);
    return ['none', ''];
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return [code, message];
  }
}

function beaconsOf(processId: number): string[] {
  const names = readFileSync('/proc/net/unix', 'latin1').matchAll(/@(portslice\/pool\/(\d+)\/\d+)$/gm);
  return [...names].filter(([, , owner]) => Number(owner) === processId).map(([, name]) => name as string);
}

describe('a pool', () => {
  test('is the same for a process that attaches by the environment or by the handle', async () => {
    await using opened = await openTestPool(10, { workers: 2 });
    await using worker = startPortWorker({ env: opened.env });
    expect(await worker.call('attach')).toEqual(opened.pool.ports);
    expect(await worker.call('attach', opened.pool.handle)).toEqual(opened.pool.ports);
    expect(opened.pool.ports.toSorted((a, b) => a - b)).toEqual(opened.ports);
    const port = await worker.call('claim', { label: 'elsewhere' });
    expect(opened.pool.snapshot()).toMatchObject([
      { port, state: 'held', label: 'elsewhere', processId: worker.pid },
    ]);
  });

  test.runIf(hasLinuxFiles)('is found by its beacon while it lives, and no longer', async () => {
    await using creator = startPortWorker();
    const handle = await creator.call('createPool', { ports: '2000-2001' });
    expect(beaconsOf(creator.pid)).toEqual([`portslice/pool/${creator.pid}/${descriptorOf(handle)}`]);
    await creator.call('closePool', handle);
    expect(beaconsOf(creator.pid)).toEqual([]);
    await creator.call('createPool', { ports: '2000-2001' });
    expect(beaconsOf(creator.pid)).toHaveLength(1);
    await creator.kill();
    await until('the beacon is gone', () => beaconsOf(creator.pid).length === 0);
  });

  test('lives on in the processes that have attached when its creator is killed', async () => {
    await using opened = await openTestPool(4);
    await using creator = startPortWorker();
    const handle = await creator.call('createPool', { ports: opened.spec });
    await using worker = startPortWorker({ env: { PORTSLICE_POOL: handle } });
    await worker.call('claim');
    await creator.kill();
    await worker.call('claim');
    expect((await worker.call('stats')).currentlyAllocatedPorts).toBe(2);
  });

  test('refuses every method after close(), which may be called again', async () => {
    await using opened = await openTestPool(2);
    const slice = opened.pool.slice();
    opened.pool.close();
    opened.pool.close();
    for (const act of [
      () => opened.pool.stats(),
      () => opened.pool.snapshot(),
      () => opened.pool.slice(),
      () => slice.acquire(),
    ]) {
      expect(await errorOf(PoolClosedError, act)).toMatchObject({ code: 'PORTSLICE_POOL_CLOSED' });
    }
  });

  test('gives back everything of its thread at close()', async () => {
    await using opened = await openTestPool(2);
    const owners = [new TCPPortOwner(), new TCPPortOwner()];
    opened.pool.close();
    await using stranger = startPortWorker({ env: { PORTSLICE_PORTS: opened.spec } });
    expect(await stranger.call('claimAll')).toHaveLength(2);
    for (const owner of owners) owner.cleanup();
    expect(portIsInUse(opened.ports[0] as number)).toBe(true);
  });

  test('gives back nothing of others in its thread when one who has attached closes it', async () => {
    await using opened = await openTestPool(4, { workers: 1 });
    using owner = new TCPPortOwner({ label: 'of a fixture' });
    const attached = PortPool.attach();
    const slice = attached.slice(1);
    const port = String(await slice.acquire({ label: 'of the attached' }));
    attached.close();
    attached.close();
    expect(opened.pool.snapshot().map(({ label, state }) => `${label} ${state}`)).toEqual(
      expect.arrayContaining(['of a fixture held', 'of the attached free']),
    );
    await using stranger = startPortWorker({ env: { PORTSLICE_PORTS: `${port},${owner.port}` } });
    expect(await stranger.call('claimAll')).toEqual([Number(port)]);
    for (const act of [
      () => attached.stats(),
      () => attached.snapshot(),
      () => attached.slice(),
      () => slice.acquire(),
    ]) {
      await errorOf(PoolClosedError, act);
    }
    const again = PortPool.attach();
    using _owner = await again.slice(1).acquire();
    using _other = new TCPPortOwner();
    expect(again.stats().currentlyAllocatedPorts).toBe(3);
    opened.pool.close();
    await errorOf(PoolClosedError, () => again.stats());
  });

  test('gives back what was still being waited for when it was closed', async () => {
    await using opened = await openTestPool(1);
    const owner = new TCPPortOwner();
    const attached = PortPool.attach();
    const waiting = errorOf(PoolClosedError, () => attached.slice().acquire());
    await until('it waits', () => opened.pool.stats().waits === 1);
    attached.close();
    owner.cleanup();
    expect(await waiting).toBeInstanceOf(PoolClosedError);
    expect(opened.pool.snapshot()).toMatchObject([{ state: 'free' }]);
  });

  test.runIf(hasLinuxFiles).each([0, 1, 2, 3])(
    'costs nothing if its creator may open only %i more files',
    async (left) => {
      await using creator = startPortWorker({ descriptorLimit: 256 });
      // What is needed once is loaded then.
      await creator.call('closePool', await creator.call('createPool', { ports: '2000' }));
      const countDescriptors = (): number => readdirSync(`/proc/${creator.pid}/fd`).length;
      await creator.call('useUpDescriptors', left);
      const before = countDescriptors();
      await expect(creator.call('createPool', { ports: '2000' })).rejects.toMatchObject({
        code: 'PORTSLICE_RESOURCE_LIMIT',
      });
      expect(countDescriptors()).toBe(before);
      expect(beaconsOf(creator.pid)).toEqual([]);
    },
  );

  test('that cannot be opened for want of a descriptor is no unusable pool, but a limit', async () => {
    await using opened = await openTestPool(1);
    await using worker = startPortWorker({ descriptorLimit: 256 });
    // What is needed once is loaded then.
    await worker.call('isInUse', opened.ports[0] as number);
    await worker.call('useUpDescriptors', 0);
    const [code, message] = await attachProblem(worker, opened.pool.handle);
    expect(code).toBe('PORTSLICE_RESOURCE_LIMIT');
    expect(message).toContain('EMFILE');
    await worker.call('giveDescriptorsBack');
    expect(await attachProblem(worker, opened.pool.handle)).toEqual(['none', '']);
  });

  test.each([
    ['workers', -1],
    ['workers', 2001],
    ['workers', 1.5],
    ['workers', '4'],
    ['restMs', -1],
    ['restMs', 2 ** 31],
    ['restMs', Number.NaN],
  ])('with %s = %o is refused', async (option, value) => {
    const act = () => PortPool.create({ ports: '2000', [option]: value });
    expect((await errorOf(InvalidOptionError, act)).option).toBe(option);
  });

  test.each([
    [{ ports: '2000', worker: 4 }, 'worker'],
    [{ restMS: 5 }, 'restMS'],
    [null, 'options'],
  ])('with the options %o is refused', async (options, option) => {
    const act = () => PortPool.create(options as PortPoolOptions);
    expect((await errorOf(InvalidOptionError, act)).option).toBe(option);
  });
});

describe('a handle that is none', () => {
  test.each([
    'nonsense',
    '1234:5',
    'portslice:2:memfd:1:2:' + RUN_ID,
    'portslice:1:memfd:0:2:' + RUN_ID,
    'portslice:1:memfd:1:-2:' + RUN_ID,
    'portslice:1:memfd:1:2:' + RUN_ID.toUpperCase(),
    `portslice:1:memfd:1:2:${RUN_ID}\n`,
    'portslice:1:memfd:../1:2:' + RUN_ID,
    'x'.repeat(5000),
  ])('%j is refused, and shown', async (handle) => {
    const error = await errorOf(PoolHandleError, () => PortPool.attach(handle));
    expect(error.handle).toBe(handle);
    expect(error.message).toContain(handle.slice(0, 100).replace('\n', String.raw`\n`));
    expect(error.message.length).toBeLessThan(500);
  });

  test('because the variable is missing or empty is said so', async () => {
    for (const value of [undefined, '']) {
      if (value === undefined) delete process.env['PORTSLICE_POOL'];
      else process.env['PORTSLICE_POOL'] = value;
      const error = await errorOf(PoolHandleError, () => PortPool.attach());
      expect(error.message).toContain('PORTSLICE_POOL is not set');
    }
    delete process.env['PORTSLICE_POOL'];
  });

  test('because it is no text is a wrong argument', async () => {
    const error = await errorOf(InvalidOptionError, () => PortPool.attach(12 as unknown as string));
    expect(error.option).toBe('handle');
  });
});

describe('a stale handle', () => {
  test('of a killed process is refused', async () => {
    const creator = startPortWorker();
    const handle = await creator.call('createPool', { ports: '2000' });
    await creator.kill();
    const error = await errorOf(PoolStaleError, () => PortPool.attach(handle));
    expect(error).toMatchObject(hasLinuxFiles ? { handle, cause: { code: 'ENOENT' } } : { handle });
  });

  test('of a pool that its living process has closed is refused', async () => {
    await using creator = startPortWorker();
    const handle = await creator.call('createPool', { ports: '2000' });
    await creator.call('closePool', handle);
    expect((await errorOf(PoolStaleError, () => PortPool.attach(handle))).handle).toBe(handle);
  });

  test('that names the pool of another run is refused with that run', async () => {
    await using creator = startPortWorker();
    const handle = await creator.call('createPool', { ports: '2000' });
    const runId = handle.slice(-32);
    const stale = handle.slice(0, -32) + RUN_ID;
    const error = await errorOf(PoolStaleError, () => PortPool.attach(stale));
    expect(error.message).toContain(`its place is taken by the pool of run ${runId}`);
  });

  test.runIf(hasLinuxFiles)('that names a file is refused with its name', async () => {
    const descriptor = openSync('/dev/null', 'r');
    const handle = `portslice:1:memfd:${process.pid}:${descriptor}:${RUN_ID}`;
    const error = await errorOf(PoolStaleError, () => PortPool.attach(handle));
    expect(error.message).toContain("is now '/dev/null'");
    closeSync(descriptor);
  });

  test.runIf(hasLinuxFiles)('that names a FIFO is refused at once, and the FIFO is not opened', async () => {
    const fifo = path.join(tmpdir(), `portslice-test-${process.pid}.fifo`);
    spawnSync('sh', ['-c', 'mkfifo "$0"', fifo]);
    const descriptor = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    // In another process, so that a blocked attach would not block the test.
    await using worker = startPortWorker();
    const handle = `portslice:1:memfd:${process.pid}:${descriptor}:${RUN_ID}`;
    const [code, message] = await attachProblem(worker, handle);
    expect(code).toBe('PORTSLICE_POOL_STALE');
    expect(message).toContain(`is now '${fifo}'`);
    closeSync(descriptor);
    rmSync(fifo);
  });
});

describe('a foreign handle', () => {
  test.runIf(hasLinuxFiles)('of memory that could be cut short under us is refused', async () => {
    const c = libc();
    const unsealed = c.memfd_create('portslice', 0);
    c.ftruncate(unsealed, 65_536);
    await using worker = startPortWorker();
    const handle = `portslice:1:memfd:${process.pid}:${unsealed}:${RUN_ID}`;
    expect(await attachProblem(worker, handle)).toEqual([
      'PORTSLICE_POOL_FOREIGN',
      expect.stringContaining('is not the sealed memory of a port pool'),
    ]);
    c.close(unsealed);
  });

  test('of another user is refused', async ({ skip }) => {
    skip(process.getuid?.() !== 0, 'only root can become another user');
    await using creator = startPortWorker();
    const handle = await creator.call('createPool', { ports: '2000' });
    const code = await scriptOutput<string>(`
      import { PortPool } from './src/index.ts';
      import { platform } from './src/platform/platform.ts';
      // Loads what lies in the project's folder, which may be closed to the other user.
      platform.openKernel();
      process.setgid(65534);
      process.setuid(65534);
      try { PortPool.attach('${handle}'); } catch (error) { console.log(JSON.stringify(error.code)); }
    `);
    expect(code).toBe('PORTSLICE_POOL_FOREIGN');
  });

  test.runIf(hasLinuxFiles)('of another network namespace is refused', async ({ skip }) => {
    skip(namespaceWrapper() === undefined, 'needs a working unshare');
    await using creator = startPortWorker();
    const handle = await creator.call('createPool', { ports: '2000' });
    const attach = `
      import { PortPool } from './src/index.ts';
      try { PortPool.attach('${handle}'); } catch (error) { console.log(JSON.stringify([error.code, error.message])); }
    `;
    const [code, message] = await scriptOutput<[string, string]>(attach, {
      wrapper: namespaceWrapper() ?? [],
    });
    expect(code).toBe('PORTSLICE_POOL_FOREIGN');
    expect(message).toMatch(/it is of network namespace .+, this process is in .+/);
  });
});

describe('a damaged segment', () => {
  // 10 ports and 5 slices: slice 0, two, and two spare ones.
  const table = segmentOffsets({ portCount: 10, sliceCount: 5, rangeCount: 1 });

  test.each([
    ['its run id', HeaderWord.runId * 4, [0x7f], 'PORTSLICE_POOL_STALE'],
    ['its network namespace', NETWORK_NAMESPACE_OFFSET, [0x7f], 'PORTSLICE_POOL_FOREIGN'],
    ['the place of slice 0', table.slices, [0x7f], 'PORTSLICE_POOL_DAMAGED'],
    ['the size of slice 1', table.slices + 20, [1], 'PORTSLICE_POOL_DAMAGED'],
    ['the list of its ports, to 0', table.ranges + 2, [0, 0], 'PORTSLICE_POOL_DAMAGED'],
  ])('is refused if %s is changed', async (_what, offset, bytes, expected) => {
    await using opened = await openTestPool(10, { workers: 2 });
    await using worker = startPortWorker();
    const { locator } = parsePoolHandle(opened.pool.handle) as PoolHandle;
    const { buffer } = platform.openKernel().attachMemory(locator, opened.pool.handle);
    new Uint8Array(buffer).set(bytes, offset);
    expect((await attachProblem(worker, opened.pool.handle))[0]).toBe(expected);
  });
});
