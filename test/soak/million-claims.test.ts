/**
 * Proves the first guarantee under load: a million claims by 16 processes and 8 worker threads at once, in 3 pools
 * whose ports are all in two pools, while the system gives ports out of the same range to strangers, and real servers
 * listen on a share of the claimed ports: nobody ever has a port that somebody else has, no server meets EADDRINUSE, and
 * in the end no port is missing. The evidence is a log outside the segment, in which each claimant notes when it was given a
 * port and when it began to give it back; two uses of a port that overlap are two owners. That the log would show it, and
 * that a missing port would be noticed, is proved on test builds without the lock, and without the hold and one release.
 */
import { describe, expect, it, type TestContext } from 'vitest';
import { SOURCE } from '../contention/storm.ts';
import { needNamespace } from '../support/needs.ts';
import { scriptOutput } from '../support/run-script.ts';
import type { MillionOptions, MillionResult } from './million.ts';
import { repetitions, soakTimeoutMs } from './scale.ts';

const CLAIMS = repetitions(10_000, 1_000_000);
const FEW_CLAIMS = 3_000;
const TIMEOUT_MS = soakTimeoutMs(190_000, 60 * 60_000);
/** Larger than the pools, smaller than any other: the system's choice is likely to fall on a pool's port. */
const EPHEMERAL_RANGE = '40000 40199';
/** Of two of the pools. */
const LOST_PORT = 40_007;
/** What a process opens once, whatever the number of claims. */
const DESCRIPTORS_OPENED_ONCE = 16;

describe('claims in 3 pools of the same ports', { timeout: TIMEOUT_MS }, () => {
  it('never give a port to two, fail no server and lose no port', async (context) => {
    const result = await claim(context, {
      source: SOURCE,
      claims: CLAIMS,
      crew: CLAIMS < 1_000_000 ? 'few' : 'all',
    });

    const { verdict, portsAtTheEnd } = result;
    const claimsOfRuns = result.tallies.map(({ claims }) => claims);
    expect(verdict).toMatchObject({ duplicateCount: 0, intrusionCount: 0, examples: [] });
    expect(result.tallies.flatMap(({ errors }) => errors)).toEqual([]);
    expect(portsAtTheEnd.map(({ missing }) => missing)).toEqual([[], [], []]);

    // Everything that there was to prove took place.
    expect(verdict.owners).toBeGreaterThanOrEqual(CLAIMS);
    expect(verdict.strangers).toBeGreaterThan(0);
    expect(total(result.tallies, 'servers')).toBeGreaterThan(CLAIMS / 200);
    // What the segments tell agrees with the log.
    expect(total(result.tallies, 'claims')).toBe(verdict.owners);
    result.stats.forEach((stats, run) => {
      expect(stats).toMatchObject({
        lifetimeTotalAllocatedPorts: claimsOfRuns[run],
        currentlyAllocatedPorts: 0,
        leaks: 0,
      });
      expect(stats.borrowedPorts).toBeGreaterThan(0);
    });
    expect(total(result.stats, 'waits')).toBeGreaterThan(0);
    for (const { statsAfterwards } of portsAtTheEnd) expect(statsAfterwards.currentlyAllocatedPorts).toBe(0);
    expect(result.descriptorGrowth).toBeLessThanOrEqual(DESCRIPTORS_OPENED_ONCE);
    expect(result.workerWarnings).toEqual([]);
    expect(new Set(result.runWarnings)).toEqual(new Set(['PORTSLICE_EPHEMERAL_OVERLAP']));
    if (CLAIMS >= 1_000_000) tell(result);
  });

  it('are seen to share ports when the lock is switched off', async (context) => {
    const { verdict } = await claim(context, {
      source: weakened('lock=off'),
      claims: FEW_CLAIMS,
      crew: 'few',
    });

    expect(verdict.duplicateCount).toBeGreaterThan(0);
  });

  it('are seen to meet strangers without the hold, and to miss a port whose lock is never closed', async (context) => {
    const { verdict, portsAtTheEnd } = await claim(context, {
      source: weakened(`hold=off&lost=${LOST_PORT}`),
      claims: FEW_CLAIMS,
      crew: 'few',
    });

    expect(verdict.intrusionCount).toBeGreaterThan(0);
    // It is the hold that keeps strangers away; what keeps our own apart is the lock.
    expect(verdict.duplicateCount).toBe(0);
    expect(portsAtTheEnd.filter(({ missing }) => missing.includes(LOST_PORT))).toHaveLength(2);
  });
});

async function claim(context: TestContext, options: MillionOptions): Promise<MillionResult> {
  const wrapper = needNamespace(
    context,
    `echo "${EPHEMERAL_RANGE}" > /proc/sys/net/ipv4/ip_local_port_range`,
  );
  return scriptOutput<MillionResult>(
    `import { claimMillion } from './test/soak/million.ts';
     const result = await claimMillion(${JSON.stringify(options)});
     process.stdout.write(JSON.stringify(result), () => process.exit());`,
    { wrapper },
  );
}

function total<Name extends string>(all: readonly Readonly<Record<Name, number>>[], name: Name): number {
  return all.reduce((sum, one) => sum + one[name], 0);
}

/** portslice with these faults. */
function weakened(faults: string): string {
  return new URL(`../support/weakened.program.ts?${faults}`, import.meta.url).href;
}

function tell({ verdict, claimingMs, descriptorGrowth, tallies, stats }: MillionResult): void {
  console.log(
    `${verdict.owners} claims (${tallies.map(({ claims }) => claims).join(' + ')}) in ${(claimingMs / 1000).toFixed(1)} s: ` +
      `${total(stats, 'borrowedPorts')} borrowed, ${total(stats, 'waits')} waits, ` +
      `${total(tallies, 'exhaustions')} times exhausted at once; ${total(tallies, 'servers')} servers; ` +
      `${verdict.strangers} ports to strangers; ${verdict.duplicateCount} duplicates, ` +
      `${verdict.intrusionCount} intrusions; at most ${descriptorGrowth} more descriptors in a process`,
  );
}
