/**
 * 8 processes of 4 slots each want the same 40 ports, and real servers listen on them 0 to 40 ms later. Judged by
 * the log that the servers write, see verdict.ts.
 */
import { describe, expect, it } from 'vitest';
import { isFull } from '../soak/scale.ts';
import { reservePorts } from '../support/port-block.ts';
import { portsForAnotherRun } from '../support/test-pool.ts';
import { SOURCE, Storm } from './storm.ts';
import { FLAWLESS } from './verdict.ts';

const WITHOUT_LOCK = new URL('../support/weakened.program.ts?lock=off', import.meta.url).href;
const PORT_COUNT = 40;
const TIMEOUT_MS = 60_000;
const portslice = { kind: 'portslice', source: SOURCE } as const;

describe('8 processes of 4 slots over 40 ports', { timeout: TIMEOUT_MS }, () => {
  it.each([
    { pools: 'each with its own pool', sharesPool: false },
    { pools: 'in one shared pool', sharesPool: true },
  ])('never share a port and lose no server, $pools', async ({ sharesPool }) => {
    await using block = await reservePorts(PORT_COUNT);
    await using storm = await Storm.gather({
      allocator: portslice,
      ports: block.spec,
      sharesPool,
      serverProcesses: 2,
    });

    const workers = await storm.rage();

    expect(storm.verdict()).toMatchObject({ ...FLAWLESS, completeRounds: storm.plannedRounds });
    // The workers are still alive: everything was given back by them, not by their end.
    expect(await portsForAnotherRun(block.spec)).toEqual(block.ports);
    for (const { socketsBefore, socketsAfter, exhaustions } of workers) {
      expect(socketsAfter).toBe(socketsBefore);
      // There is a port for every slot.
      expect(exhaustions).toBe(0);
    }
    // What the pool tells about itself agrees with the log.
    const { plannedRounds } = storm;
    const truth = { lifetimeTotalAllocatedPorts: plannedRounds, currentlyAllocatedPorts: 0, leaks: 0 };
    expect(storm.pool?.stats() ?? truth).toMatchObject(truth);
    expect(await storm.end()).toBe('');
  });

  // On the stand-in it failed in 2 of some 35 runs, for a reason that is not known: notes/macos.md.
  it.skipIf(process.platform === 'darwin' && !isFull).each([
    { pools: 'each with its own pool', sharesPool: false },
    { pools: 'in one shared pool', sharesPool: true },
  ])('can use every port after half of them were killed at work, $pools', async ({ sharesPool }) => {
    await using block = await reservePorts(PORT_COUNT);
    await using storm = await Storm.gather({
      allocator: portslice,
      ports: block.spec,
      sharesPool,
      roundsPerSlot: 12,
      serverProcesses: 2,
    });

    await storm.rage(4);
    const eventsSoFar = storm.events().length;
    await storm.holdAll(PORT_COUNT);

    const verdict = storm.verdict();
    expect(verdict).toMatchObject(FLAWLESS);
    // All of the survivors' rounds, and half of the others'.
    expect(verdict.completeRounds).toBeGreaterThanOrEqual(storm.plannedRounds * 0.7);
    expect(verdict.completeRounds).toBeLessThan(storm.plannedRounds);
    const held = storm
      .events()
      .slice(eventsSoFar)
      .filter((event) => event.kind === 'allocated');
    expect(held.map((event) => event.port).toSorted((a, b) => a - b)).toEqual(block.ports);
    expect(await storm.end()).toBe('');
  });

  it('are seen to share ports and to lose servers when the lock is switched off', async () => {
    await using block = await reservePorts(PORT_COUNT);
    await using storm = await Storm.gather({
      allocator: { kind: 'portslice', source: WITHOUT_LOCK },
      ports: block.spec,
      roundsPerSlot: 8,
    });

    await storm.rage();

    const { failedServers, sharedPorts } = storm.verdict();
    expect(failedServers.length).toBeGreaterThan(0);
    expect(failedServers[0]).toContain('EADDRINUSE');
    expect(sharedPorts.length).toBeGreaterThan(0);
  });
});
