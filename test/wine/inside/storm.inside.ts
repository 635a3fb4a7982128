/** As test/contention/storm.test.ts, with the package as users have it. */
import { describe, expect, test } from 'vitest';
import { PortPool, TCPPortOwner } from '../../../src/index.ts';
import { Storm } from '../../contention/storm.ts';
import { FLAWLESS } from '../../contention/verdict.ts';
import { reservePorts } from '../../support/port-block.ts';

const PACKAGE = new URL('../../../node_modules/portslice/dist/index.js', import.meta.url).href;
const PORT_COUNT = 40;
const roundsPerSlot = Number(process.env['STORM_ROUNDS'] ?? 4);

describe.each([
  { pools: 'each with its own pool', sharesPool: false },
  { pools: 'in one shared pool', sharesPool: true },
])('8 processes of 4 slots over 40 ports, $pools', ({ sharesPool }) => {
  test('never share a port, lose no server, and give every port back, though two are killed', async () => {
    await using block = await reservePorts(PORT_COUNT);
    await using storm = await Storm.gather({
      allocator: { kind: 'portslice', source: PACKAGE, waits: true },
      ports: block.spec,
      sharesPool,
      roundsPerSlot,
      serverProcesses: 2,
    });
    await storm.rage(2);
    const verdict = storm.verdict();
    // As a text: the report has no differences of objects.
    const flaws = (Object.keys(FLAWLESS) as (keyof typeof FLAWLESS)[]).flatMap((flaw) =>
      verdict[flaw].map((what) => `${flaw}: ${what}`),
    );
    expect(flaws.join('\n')).toBe('');
    expect(verdict.allocations).toBeGreaterThan(storm.plannedRounds * 0.75);
    // Every port, those of the killed ones too, can be had by a run that knows nothing of this one.
    const pool = PortPool.create({ ports: block.spec });
    process.env['PORTSLICE_POOL'] = pool.handle;
    const owners = await TCPPortOwner.acquireMany(PORT_COUNT, { acquireTimeoutMs: 60_000 });
    delete process.env['PORTSLICE_POOL'];
    expect(owners.map(Number).toSorted((a, b) => a - b)).toEqual(block.ports);
    for (const owner of owners) owner.cleanup();
    pool.close();
    expect(await storm.end()).toBe('');
  });
});
