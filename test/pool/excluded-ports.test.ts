import { afterEach, describe, expect, test, vi } from 'vitest';
import { countPorts, joinRanges, type PortRange } from '../../src/core/port-range.ts';
import { findExcludedPorts } from '../../src/pool/session/excluded-ports.ts';
import { findServerPorts, type ServerPortOptions } from '../../src/pool/session/server-ports.ts';

afterEach(() => vi.unstubAllEnvs());

const ALL = 65_536 - 1024;

function reasonFor(port: number, options: ServerPortOptions): string | undefined {
  const includes = ({ firstPort, lastPort }: PortRange): boolean => firstPort <= port && port <= lastPort;
  return findExcludedPorts(options).find(({ ranges }) => ranges.some(includes))?.reason;
}

describe('the excluded ports', () => {
  test.each([
    ['what the system leaves', {}, ''],
    ['a spec', { ports: '20000-20999,6000' }, ''],
    ['an exclusion of each kind', { excludedPorts: [5432, 5433] }, '3000-3010,5433'],
  ])('and the pool are all ports from 1024 on, each once: %s', (_what, options, excluded) => {
    vi.stubEnv('PORTSLICE_PORTS', '');
    vi.stubEnv('PORTSLICE_EXCLUDED_PORTS', excluded);
    const pool = findServerPorts(options).ranges;
    const left = findExcludedPorts(options).flatMap(({ ranges }) => ranges);
    expect(countPorts(left) + countPorts(pool)).toBe(ALL);
    expect(countPorts(joinRanges([...left, ...pool]))).toBe(ALL);
  });

  test('have the first reason that holds', () => {
    vi.stubEnv('PORTSLICE_PORTS', '');
    vi.stubEnv('PORTSLICE_EXCLUDED_PORTS', '3000-3010,6000');
    const options = { excludedPorts: [3000, 5432] };
    expect(reasonFor(6000, options)).toBe('browsers refuse them');
    expect(reasonFor(3000, options)).toBe('PORTSLICE_EXCLUDED_PORTS excludes them');
    expect(reasonFor(5432, options)).toBe("the option 'excludedPorts' excludes them");
    expect(reasonFor(20_001, { ports: '20000' })).toBe("the option 'ports' does not name them");
  });

  test('name the ephemeral range where nothing has named the ports', () => {
    vi.stubEnv('PORTSLICE_PORTS', '');
    const [last] = findExcludedPorts().slice(-1);
    expect(last?.reason).toMatch(/^client connections take them \(ephemeral range \d+-\d+\)$/);
    vi.stubEnv('PORTSLICE_PORTS', '20000-20100');
    expect(findExcludedPorts().at(-1)?.reason).toBe('PORTSLICE_PORTS does not name them');
  });
});
