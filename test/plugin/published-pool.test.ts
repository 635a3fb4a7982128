/** The environment is everybody's: tests mock it, delete from it and put it back, while the run's pool is in use. */
import { afterEach, expect, test, vi } from 'vitest';
import { PortPool, TCPPortOwner } from '../../src/index.ts';
import { PortDispenser } from '../../src/plugin/port-dispenser.ts';
import { reservePorts } from '../support/port-block.ts';
import { openTestPool } from '../support/test-pool.ts';
import { collectWarnings } from '../support/warnings.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

function openDispenser(): PortDispenser {
  return new PortDispenser({
    fixture: 'ports',
    label: 'shop > pays',
    defaults: {},
    testTimeoutMs: 0,
    scope: 'test',
    onAcquire: () => undefined,
  });
}

const changes = {
  'PORTSLICE_POOL is deleted': () => void delete process.env['PORTSLICE_POOL'],
  'PORTSLICE_POOL is stubbed with nothing': () => void vi.stubEnv('PORTSLICE_POOL', undefined),
  'PORTSLICE_POOL is stubbed with an empty text': () => void vi.stubEnv('PORTSLICE_POOL', ''),
  'process.env is another object': () => void vi.stubGlobal('process', { ...process, env: {} }),
};

test.for(Object.entries(changes))(
  'a thread that has the pool open goes on with it when %s',
  async ([, change]) => {
    await using opened = await openTestPool(4);
    using warnings = collectWarnings();
    // Only the first worker tells what concerns the whole run.
    vi.stubEnv('VITEST_WORKER_ID', '1');
    using before = new TCPPortOwner();
    const { env } = process;
    const handle = env['PORTSLICE_POOL'];
    try {
      change();
      using after = new TCPPortOwner();
      expect(opened.ports).toContain(after.port);
      expect(after.port).not.toBe(before.port);
      const dispenser = openDispenser();
      expect(opened.ports).toContain((await dispenser.acquire()).port);
      await dispenser.releaseAll(false);
    } finally {
      vi.unstubAllGlobals();
      vi.unstubAllEnvs();
      env['PORTSLICE_POOL'] = handle;
    }
    expect(opened.pool.stats().currentlyAllocatedPorts).toBe(1);
    expect(await warnings.withCode('PORTSLICE_NO_POOL')).toEqual([]);
  },
);

test('a thread that has opened no pool has a private one when PORTSLICE_POOL is deleted, and no port of the pool', async () => {
  await using opened = await openTestPool(2);
  const owners = opened.ports.map(() => new TCPPortOwner());
  opened.pool.close();
  delete process.env['PORTSLICE_POOL'];
  using owner = new TCPPortOwner();
  expect(owners.map(({ port }) => port)).not.toContain(owner.port);
  expect(() => PortPool.attach()).toThrow(/PORTSLICE_POOL/);
});

test('a fixture without a pool says so, and once', async () => {
  await using block = await reservePorts(2);
  using warnings = collectWarnings();
  vi.stubEnv('PORTSLICE_PORTS', block.spec);
  vi.stubEnv('VITEST_WORKER_ID', '1');
  for (const dispenser of [openDispenser(), openDispenser()]) {
    await dispenser.acquire();
    await dispenser.releaseAll(false);
  }
  expect(await warnings.withCode('PORTSLICE_NO_POOL')).toHaveLength(1);
});
