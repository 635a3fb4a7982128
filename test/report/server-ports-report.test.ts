/** Which ports are server ports of this machine, and why the others are none. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { countPorts, joinRanges } from '../../src/core/port-range.ts';
import { getEphemeralTCPPortRange, getServerTCPPorts } from '../../src/index.ts';
import { readServerPorts, type ServerPortsReading } from '../../src/pool/session/server-ports.ts';
import { LOW_BAD_PORTS } from '../../src/report/port/low-bad-ports.ts';
import type { PortPlace } from '../../src/report/port/port-report.ts';
import { placeOf } from '../../src/report/port/read-place.ts';
import { reportServerPorts, type ServerPortsReport } from '../../src/report/port/server-ports-report.ts';
import { findSchemaProblem } from '../support/check-schema.ts';

const [firstEphemeral, lastEphemeral] = getEphemeralTCPPortRange();

beforeEach(() => {
  for (const name of ['PORTSLICE_PORTS', 'PORTSLICE_PORTS_FILE', 'PORTSLICE_EXCLUDED_PORTS'])
    vi.stubEnv(name, undefined);
});
afterEach(() => void vi.unstubAllEnvs());

function report(reading: ServerPortsReading = readServerPorts()): ServerPortsReport {
  const found = reportServerPorts(reading);
  expect(findSchemaProblem('ports.schema.json', found)).toBeUndefined();
  // Each port once, as a server port or for one reason.
  const all = [...found.ranges, ...found.leftOut.flatMap(({ ranges }) => ranges)];
  expect(countPorts(all)).toBe(65_535);
  expect(joinRanges(all)).toEqual([{ firstPort: 1, lastPort: 65_535 }]);
  for (const { portCount, ranges } of found.leftOut) expect(countPorts(ranges)).toBe(portCount);
  return found;
}

function reasonsIn({ leftOut }: ServerPortsReport): object {
  return Object.fromEntries(leftOut.map(({ reason, portCount }) => [reason, portCount]));
}

describe('the server ports', () => {
  test('are what the operating system leaves, less what browsers refuse', () => {
    const found = report();
    expect(found).toMatchObject({
      portCount: getServerTCPPorts().length,
      ephemeralRange: { firstPort: firstEphemeral, lastPort: lastEphemeral },
    });
    expect(found.source).toBeUndefined();
    expect(found.warning).toBeUndefined();
    expect(reasonsIn(found)).toMatchObject({
      privileged: 1023,
      ephemeral: lastEphemeral - firstEphemeral + 1,
    });
    expect(found.leftOut.find(({ reason }) => reason === 'browsers')?.ranges).toContainEqual({
      firstPort: 6665,
      lastPort: 6669,
    });
  });

  test('are what PORTSLICE_PORTS names, less what PORTSLICE_EXCLUDED_PORTS does', () => {
    vi.stubEnv('PORTSLICE_PORTS', '20000-20009,6000');
    vi.stubEnv('PORTSLICE_EXCLUDED_PORTS', '20003-20004,7000');
    const found = report();
    expect(found).toMatchObject({
      source: 'PORTSLICE_PORTS',
      portCount: 8,
      ranges: [
        { firstPort: 20_000, lastPort: 20_002 },
        { firstPort: 20_005, lastPort: 20_009 },
      ],
    });
    expect(reasonsIn(found)).toEqual({ spec: 65_524, browsers: 1, user: 2 });
    expect(found.leftOut.map(({ source }) => source)).toEqual([
      'PORTSLICE_PORTS',
      undefined,
      'PORTSLICE_EXCLUDED_PORTS',
    ]);
  });

  test('that lie in the ephemeral range are warned of', () => {
    vi.stubEnv('PORTSLICE_PORTS', `20000,${firstEphemeral + 1}`);
    expect(report().warning).toContain('1 port of PORTSLICE_PORTS lies in the ephemeral range');
  });

  test('are 1024-49151 where the ephemeral range leaves hardly any other', () => {
    const reading = readServerPorts({ ports: '1024-49151' });
    const whole = { firstPort: 1030, lastPort: 49_180 };
    const found = report({
      ...reading,
      spec: undefined,
      source: undefined,
      usedWholeRange: true,
      ephemeralRange: whole,
    });
    expect(found.leftOut.map(({ reason, ranges }) => [reason, ranges.at(-1)])).toEqual([
      ['privileged', { firstPort: 1, lastPort: 1023 }],
      ['ephemeral', expect.anything()],
      ['unregistered', { firstPort: 49_181, lastPort: 65_535 }],
    ]);
  });

  test('are without what the operating system excludes', () => {
    const bySystem = [{ firstPort: 5000, lastPort: 5009 }];
    const reading = readServerPorts({
      excludedPorts: [5000, 5001, 5002, 5003, 5004, 5005, 5006, 5007, 5008, 5009],
    });
    const found = report({ ...reading, excluded: { byUser: [], bySystem } });
    expect(found.leftOut.find(({ reason }) => reason === 'system')?.ranges).toEqual(bySystem);
    expect(placeOf(5005, { ...reading, excluded: { byUser: [], bySystem } })).toMatchObject({
      isServerPort: false,
      isExcludedBySystem: true,
      isExcludedByUser: false,
    });
  });
});

async function causeOf(answer: Promise<unknown>): Promise<string | undefined> {
  try {
    await answer;
    return undefined;
  } catch (error) {
    return ((error as Error).cause as Error | undefined)?.message;
  }
}

function place(port: number): PortPlace {
  return placeOf(port, readServerPorts());
}

describe('a port', () => {
  test('can be none of them for each of the reasons', () => {
    vi.stubEnv('PORTSLICE_EXCLUDED_PORTS', '20003');
    const none = { isServerPort: false };
    expect(place(6000)).toMatchObject({ ...none, isRefusedByBrowsers: true });
    expect(place(22)).toMatchObject({ ...none, isRefusedByBrowsers: true, isPrivileged: true });
    expect(place(firstEphemeral + 3)).toMatchObject({ ...none, isEphemeral: true, isPrivileged: false });
    expect(place(20_003)).toMatchObject({ ...none, isExcludedByUser: true });
    expect(place(20_004)).toMatchObject({ isServerPort: true, isExcludedByUser: false });
  });

  test('can be left out by what names the ports', () => {
    vi.stubEnv('PORTSLICE_PORTS', '20000-20009');
    expect(place(20_010)).toMatchObject({ isServerPort: false, isLeftOutBy: 'PORTSLICE_PORTS' });
    expect(place(20_009)).toMatchObject({ isServerPort: true });
    expect(place(20_009).isLeftOutBy).toBeUndefined();
  });

  test('below 1024 is refused by browsers as Node’s own fetch refuses it', async () => {
    const ports = Array.from({ length: 1023 }, (_, index) => index + 1);
    // Whether anybody listens there does not matter: a bad port is refused before.
    const errors = await Promise.all(
      ports.map(async (port) =>
        causeOf(fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD', signal: AbortSignal.timeout(5000) })),
      ),
    );
    const refused = ports.filter((_, at) => errors[at] === 'bad port');
    expect(refused).toEqual([...LOW_BAD_PORTS]);
  });
});
