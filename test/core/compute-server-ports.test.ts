import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { computeServerPorts } from '../../src/core/compute-server-ports.ts';
import { type PortRange, rangesOfPorts } from '../../src/core/port-range.ts';
import { rangesOf } from '../support/port-lists.ts';
import { formatPortSpec } from '../support/port-spec-text.ts';

const linuxRange: PortRange = { firstPort: 32_768, lastPort: 60_999 };

interface Input {
  readonly ephemeralRange?: PortRange;
  readonly spec?: readonly number[] | undefined;
  readonly excludedPorts?: readonly number[];
  readonly blockedPorts?: ReadonlySet<number>;
}

function compute({
  ephemeralRange = linuxRange,
  spec,
  excludedPorts = [],
  blockedPorts = new Set(),
}: Input = {}) {
  const { ports, ...rest } = computeServerPorts({
    ephemeralRange,
    spec: spec && rangesOf(spec),
    excludedRanges: rangesOfPorts(excludedPorts),
    blockedPorts,
  });
  return { ports: [...ports], ...rest };
}

function portsBetween(firstPort: number, lastPort: number): number[] {
  return Array.from({ length: lastPort - firstPort + 1 }, (_, index) => firstPort + index);
}

describe('without a spec', () => {
  test('the server ports are 1024-65535 without the ephemeral range', () => {
    const result = compute();
    expect(formatPortSpec(result.ports)).toBe('1024-32767,61000-65535');
    expect(result).toMatchObject({ ephemeralOverlap: 0, usedWholeRange: false });
  });

  test('neither end of the ephemeral range is a server port, but both their neighbours are', () => {
    const anyRange = fc.tuple(fc.integer({ min: 1100, max: 65_400 }), fc.integer({ min: 1100, max: 65_400 }));
    fc.assert(
      fc.property(anyRange, (ends) => {
        const ephemeralRange = { firstPort: Math.min(...ends), lastPort: Math.max(...ends) };
        const ports = new Set(compute({ ephemeralRange }).ports);
        expect(ports.has(ephemeralRange.firstPort)).toBe(false);
        expect(ports.has(ephemeralRange.lastPort)).toBe(false);
        expect(ports.has(ephemeralRange.firstPort - 1)).toBe(true);
        expect(ports.has(ephemeralRange.lastPort + 1)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('the standard range of macOS and Windows leaves 1024-49151', () => {
    const { ports } = compute({ ephemeralRange: { firstPort: 49_152, lastPort: 65_535 } });
    expect(formatPortSpec(ports)).toBe('1024-49151');
  });

  test('excluded and blocked ports come off', () => {
    const { ports } = compute({ excludedPorts: [1024, 2000, 40_000], blockedPorts: new Set([6000, 65_535]) });
    expect(formatPortSpec(ports)).toBe('1025-1999,2001-5999,6001-32767,61000-65534');
  });
});

describe('with too little room outside the ephemeral range', () => {
  test('50 ports outside it are enough', () => {
    const result = compute({ ephemeralRange: { firstPort: 1074, lastPort: 65_535 } });
    expect(result).toEqual({ ports: portsBetween(1024, 1073), ephemeralOverlap: 0, usedWholeRange: false });
  });

  test('with 49 ports outside it, 1024-49151 is taken', () => {
    const result = compute({ ephemeralRange: { firstPort: 1073, lastPort: 65_535 } });
    expect(result).toEqual({ ports: portsBetween(1024, 49_151), ephemeralOverlap: 0, usedWholeRange: true });
  });

  test('excluded ports count as no room', () => {
    const ephemeralRange = { firstPort: 1074, lastPort: 65_535 };
    expect(compute({ ephemeralRange, excludedPorts: [1024] }).usedWholeRange).toBe(true);
    expect(compute({ ephemeralRange, blockedPorts: new Set([1024]) }).usedWholeRange).toBe(true);
  });

  test('excluded and blocked ports come off 1024-49151 too', () => {
    const ephemeralRange = { firstPort: 1024, lastPort: 65_534 };
    const result = compute({ ephemeralRange, excludedPorts: [1024, 50_000], blockedPorts: new Set([6000]) });
    expect(formatPortSpec(result.ports)).toBe('1025-5999,6001-49151');
    expect(result.usedWholeRange).toBe(true);
  });

  test('the few ports outside it are kept if the exclusions leave no more in 1024-49151', () => {
    const ephemeralRange = { firstPort: 1024, lastPort: 65_525 };
    const result = compute({ ephemeralRange, excludedPorts: portsBetween(1024, 49_151) });
    expect(result).toEqual({
      ports: portsBetween(65_526, 65_535),
      ephemeralOverlap: 0,
      usedWholeRange: false,
    });
  });

  test('nothing is left if everything is excluded, which is the caller to report', () => {
    const result = compute({ excludedPorts: portsBetween(1, 65_535) });
    expect(result).toEqual({ ports: [], ephemeralOverlap: 0, usedWholeRange: false });
  });
});

describe('with a spec', () => {
  test('the server ports are exactly the spec, ports below 1024 and few ports included', () => {
    const result = compute({ spec: [80, 2000, 2001] });
    expect(result).toEqual({ ports: [80, 2000, 2001], ephemeralOverlap: 0, usedWholeRange: false });
  });

  test('excluded and blocked ports come off', () => {
    const result = compute({
      spec: [2000, 2001, 6000],
      excludedPorts: [2001],
      blockedPorts: new Set([6000]),
    });
    expect(result.ports).toEqual([2000]);
  });

  test('ports in the ephemeral range stay and are counted, both ends included', () => {
    const result = compute({ spec: [32_767, 32_768, 40_000, 60_999, 61_000] });
    expect(result).toMatchObject({ ports: [32_767, 32_768, 40_000, 60_999, 61_000], ephemeralOverlap: 3 });
  });

  test('ports that came off are not counted as overlap', () => {
    const result = compute({ spec: [2000, 40_000], excludedPorts: [40_000] });
    expect(result).toEqual({ ports: [2000], ephemeralOverlap: 0, usedWholeRange: false });
  });

  test('nothing is left of a spec whose ports are all excluded, and nothing is added instead', () => {
    expect(compute({ spec: [6000], blockedPorts: new Set([6000]) }).ports).toEqual([]);
  });

  test('an absent spec and an undefined one are the same', () => {
    expect(compute({ spec: undefined })).toEqual(compute());
  });
});
