import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  parseLinuxEphemeralRange,
  parseSysctlEphemeralRange,
  parseWindowsEphemeralRange,
  parseWindowsExcludedRanges,
} from '../../src/core/ephemeral-range-text.ts';
import { formatPortRange } from '../../src/core/port-range.ts';
import { EphemeralRangeError } from '../../src/errors/index.ts';
import { windowsExcludedTexts, windowsRangeTexts } from '../support/netsh-texts.ts';

function errorOf(action: () => unknown): EphemeralRangeError {
  try {
    action();
  } catch (error) {
    if (error instanceof EphemeralRangeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const anyRange = fc
  .tuple(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 1, max: 65_535 }))
  .map((ends) => ({ firstPort: Math.min(...ends), lastPort: Math.max(...ends) }));

const senselessPairs = [
  '',
  '\n',
  '32768',
  '32768\t60999\t1',
  '0\t60999',
  '1\t65536',
  '60999\t32768',
  'a\tb',
  '-1\t5',
  '1e3\t2e3',
];

describe('parseLinuxEphemeralRange', () => {
  test.each([
    ['32768\t60999\n', '32768-60999'],
    ['1024\t65535\n', '1024-65535'],
    ['1 65535', '1-65535'],
    ['40000\t40000\n', '40000'],
  ])('reads %j', (text, expected) => {
    expect(formatPortRange(parseLinuxEphemeralRange(text))).toBe(expected);
  });

  test.each(senselessPairs)('refuses %j, naming the file and the text', (text) => {
    const error = errorOf(() => parseLinuxEphemeralRange(text));
    expect(error).toMatchObject({
      code: 'PORTSLICE_EPHEMERAL_RANGE',
      source: '/proc/sys/net/ipv4/ip_local_port_range',
      text,
    });
  });
});

describe('parseSysctlEphemeralRange', () => {
  test.each([
    ['49152\n65535\n', '49152-65535'],
    ['10000\n65535\n', '10000-65535'],
  ])('reads %j', (text, expected) => {
    expect(formatPortRange(parseSysctlEphemeralRange(text))).toBe(expected);
  });

  test.each(senselessPairs)('refuses %j, naming the command and the text', (text) => {
    const error = errorOf(() => parseSysctlEphemeralRange(text));
    expect(error.source).toContain('sysctl');
    expect(error.text).toBe(text);
  });
});

describe('parseWindowsEphemeralRange', () => {
  test.each(Object.entries(windowsRangeTexts))(
    'reads the start and the number of ports in %s',
    (_language, text) => {
      expect(parseWindowsEphemeralRange(text)).toEqual({ firstPort: 49_152, lastPort: 65_535 });
    },
  );

  test('reads the range that leaves no room, as some installers set it', () => {
    const text = 'Start Port      : 1024\r\nNumber of Ports : 64511\r\n';
    expect(parseWindowsEphemeralRange(text)).toEqual({ firstPort: 1024, lastPort: 65_534 });
  });

  test('reads back every range from its start and number of ports', () => {
    fc.assert(
      fc.property(anyRange, (range) => {
        const text = `Start Port : ${range.firstPort}\r\nNumber of Ports : ${range.lastPort - range.firstPort + 1}\r\n`;
        expect(parseWindowsEphemeralRange(text)).toEqual(range);
      }),
    );
  });

  test.each([
    ['', 'it does not show a start port'],
    ['\r\n', 'it does not show a start port'],
    ['The following command was not found: int ipv4 show dynamicport tcp.', 'it does not show a start port'],
    ['Start Port : 49152\r\n', 'it does not show a start port'],
    ['49152\r\n16384\r\n', 'it does not show a start port'],
    ['Start Port : many\r\nNumber of Ports : 5\r\n', 'it does not show a start port'],
    ['Start Port : 49152\r\nNumber of Ports : 0\r\n', '49152-49151 is not a range of ports'],
    ['Start Port : 0\r\nNumber of Ports : 5\r\n', '0-4 is not a range of ports'],
    ['Start Port : 49152\r\nNumber of Ports : 16385\r\n', '49152-65536 is not a range of ports'],
  ])('refuses %j, naming the command and the text', (text, problem) => {
    const error = errorOf(() => parseWindowsEphemeralRange(text));
    expect(error).toMatchObject({ source: 'netsh int ipv4 show dynamicport tcp', text });
    expect(error.message).toContain(problem);
  });
});

describe('parseWindowsExcludedRanges', () => {
  test.each(Object.entries(windowsExcludedTexts))('reads the ranges in %s', (_language, text) => {
    expect(parseWindowsExcludedRanges(text).map(formatPortRange)).toEqual(['5357', '50000-50059']);
  });

  test.each([
    '',
    '\r\n',
    'Protocol tcp Port Exclusion Ranges\r\n\r\nStart Port    End Port\r\n----------    --------\r\n',
  ])('finds no range in %j', (text) => {
    expect(parseWindowsExcludedRanges(text)).toEqual([]);
  });

  test.each(['1 2 3', '1 2 * *', '1 2 x', '1', '1-2', 'x 1 2'])('does not take %j for a range', (line) => {
    expect(parseWindowsExcludedRanges(line)).toEqual([]);
  });

  test.each(['60 50', '0 10', '1 65536', '99999 99999'])('refuses the senseless range %j', (line) => {
    const error = errorOf(() => parseWindowsExcludedRanges(`80 80\r\n  ${line}  \r\n`));
    expect(error).toMatchObject({ source: 'netsh int ipv4 show excludedportrange protocol=tcp', text: line });
  });
});
