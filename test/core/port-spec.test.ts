import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as portSpec from '../../src/core/port-spec.ts';
import { PortSpecError } from '../../src/errors/index.ts';
import { portsIn } from '../support/port-lists.ts';
import { formatPortSpec } from '../support/port-spec-text.ts';

const parsePortSpec = (text: string, source: string): number[] =>
  portsIn(portSpec.parsePortSpec(text, source));
const parsePortsFile = (text: string, path: string): number[] => portsIn(portSpec.parsePortsFile(text, path));

const somePorts = fc
  .uniqueArray(fc.oneof(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 2000, max: 2030 })), {
    minLength: 1,
  })
  .map((ports) => ports.toSorted((left, right) => left - right));

const space = fc.constantFrom('', ' ', '\t', '  ', '\n', '\r\n', '\u00A0');

function errorOf(action: () => unknown): PortSpecError {
  try {
    action();
  } catch (error) {
    if (error instanceof PortSpecError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('parsePortSpec', () => {
  test('reads ports and inclusive ranges with white space everywhere', () => {
    const ports = parsePortSpec('  2000 - 2003, 6000, 6001, 65000 , 65040-65042 ', 'PORTSLICE_PORTS');
    expect(ports).toEqual([2000, 2001, 2002, 2003, 6000, 6001, 65_000, 65_040, 65_041, 65_042]);
  });

  test.each([
    ['80', [80]],
    ['1,65535', [1, 65_535]],
    ['5-5', [5]],
    ['9,3-5,4,3', [3, 4, 5, 9]],
    ['\t2000\n-\r\n2001\t,\n7', [7, 2000, 2001]],
    ['00080', [80]],
    ['\uFEFF80', [80]],
  ])('reads %j ascending and unique', (text, expected) => {
    expect(parsePortSpec(text, 'PORTSLICE_PORTS')).toEqual(expected);
  });

  test('reads the whole range of ports', () => {
    expect(parsePortSpec('1-65535', 'PORTSLICE_PORTS')).toHaveLength(65_535);
  });

  test.each([
    ['abc', 'abc', 'neither a port nor a range'],
    ['2000,abc,3000', 'abc', 'neither a port nor a range'],
    ['1-2-3', '1-2-3', 'neither a port nor a range'],
    ['-5', '-5', 'neither a port nor a range'],
    ['5-', '5-', 'neither a port nor a range'],
    ['-', '-', 'neither a port nor a range'],
    ['20 00', '20 00', 'neither a port nor a range'],
    ['2000;2001', '2000;2001', 'neither a port nor a range'],
    ['2000\u20132020', '2000\u20132020', 'neither a port nor a range'],
    ['80.0', '80.0', 'neither a port nor a range'],
    ['1e3', '1e3', 'neither a port nor a range'],
    ['0x50', '0x50', 'neither a port nor a range'],
    ['+80', '+80', 'neither a port nor a range'],
    ['80 # web', '80 # web', 'neither a port nor a range'],
    ['70000', '70000', 'outside 1-65535'],
    ['65536', '65536', 'outside 1-65535'],
    ['0', '0', 'outside 1-65535'],
    ['0-5', '0-5', 'outside 1-65535'],
    ['5-0', '5-0', 'outside 1-65535'],
    ['2000-70000', '2000-70000', 'outside 1-65535'],
    ['30-20', '30-20', 'reversed'],
    ['1,,2', '', 'item 2, which is empty: two commas in a row'],
    ['1, ,2', '', 'item 2, which is empty: two commas in a row'],
    ['1,2,', '', 'item 3, which is empty: a trailing comma'],
    [',1', '', 'item 1, which is empty: a comma at the start'],
    [',', '', 'item 1, which is empty: a comma at the start'],
  ])('refuses %j, naming the source and the token %j', (text, token, problem) => {
    const error = errorOf(() => parsePortSpec(text, 'PYSYS_PORTS'));
    expect(error).toMatchObject({
      code: 'PORTSLICE_PORT_SPEC',
      source: 'PYSYS_PORTS',
      token,
      line: undefined,
    });
    expect(error.message).toContain(`PYSYS_PORTS: '${token}' is `);
    expect(error.message).toContain(problem);
  });

  test.each(['', ' ', '\n\t', '\uFEFF'])('refuses %j because it names no port', (text) => {
    const error = errorOf(() => parsePortSpec(text, 'PORTSLICE_PORTS'));
    expect(error).toMatchObject({ source: 'PORTSLICE_PORTS', token: undefined });
    expect(error.message).toContain('PORTSLICE_PORTS: names no port.');
  });

  test('says how to put a reversed range right', () => {
    expect(errorOf(() => parsePortSpec('30-20', 'PORTSLICE_PORTS')).message).toContain('Write 20-30.');
  });

  test('names the first of several faults', () => {
    expect(errorOf(() => parsePortSpec('1,x,y', 'PORTSLICE_PORTS')).token).toBe('x');
  });

  test('reads back exactly the ports that were formatted, however they are spaced', () => {
    fc.assert(
      fc.property(somePorts, fc.infiniteStream(space), (ports, spaces) => {
        const spaced = formatPortSpec(ports).replace(
          /[-,]|\d+/g,
          (part) => part + (spaces.next().value ?? ''),
        );
        expect(parsePortSpec(spaced, 'PORTSLICE_PORTS')).toEqual(ports);
      }),
    );
  });
});

describe('parsePortsFile', () => {
  test('reads one port or range a line, with comments, blank lines and commas', () => {
    const text = '# our ports\n2000-2002\n\n  6001 # web\n7000 , 7002-7003\n\t\n#6002\n';
    expect(parsePortsFile(text, 'ports.txt')).toEqual([2000, 2001, 2002, 6001, 7000, 7002, 7003]);
  });

  test.each([
    ['\uFEFF2000\r\n# x\r\n2001\r\n', [2000, 2001]],
    ['\uFEFF# x\n2000', [2000]],
    ['2000\r2001\r', [2000, 2001]],
    ['2000#', [2000]],
    ['2000 ## a # b', [2000]],
    ['# \u2028 is no line end\n2000', [2000]],
    ['9\n3-5\n4', [3, 4, 5, 9]],
  ])('reads %j whatever its line ends and byte order mark', (text, expected) => {
    expect(parsePortsFile(text, 'ports.txt')).toEqual(expected);
  });

  test.each([
    ['2000\nabc\n', 2, 'abc'],
    ['# x\r\n\r\n70000', 3, '70000'],
    ['2000\r30-20', 2, '30-20'],
    ['\uFEFF0', 1, '0'],
    ['1-2-3', 1, '1-2-3'],
    ['2000\n2001,,2002', 2, ''],
    ['2000,\n2001', 1, ''],
    ['2000\n, # only a comma', 2, ''],
    ['2000 2001', 1, '2000 2001'],
  ])('refuses %j, naming the file, line %i and the token %j', (text, line, token) => {
    const error = errorOf(() => parsePortsFile(text, 'some/ports.txt'));
    expect(error).toMatchObject({ code: 'PORTSLICE_PORT_SPEC', source: 'some/ports.txt', line, token });
    expect(error.message).toContain(`some/ports.txt, line ${line}: '${token}' is `);
  });

  test.each(['', '\n\n', '# nothing\n', '\uFEFF', ' \r\n#2000\r\n'])(
    'refuses %j because it names no port',
    (text) => {
      const error = errorOf(() => parsePortsFile(text, 'ports.txt'));
      expect(error).toMatchObject({ source: 'ports.txt', line: undefined, token: undefined });
      expect(error.message).toContain('ports.txt: names no port.');
    },
  );

  test('reads back exactly the ports that were formatted one range a line', () => {
    fc.assert(
      fc.property(somePorts, fc.constantFrom('\n', '\r\n', '\r', ' # note\n'), (ports, lineEnd) => {
        expect(parsePortsFile(formatPortSpec(ports).replaceAll(',', lineEnd), 'ports.txt')).toEqual(ports);
      }),
    );
  });
});

describe('huge input', () => {
  const count = 100_000;

  test('is read when it names the same ports over and over', () => {
    const text = Array.from({ length: count }, () => '1-65535');
    expect(parsePortSpec(text.join(','), 'PORTSLICE_PORTS')).toHaveLength(65_535);
    expect(parsePortsFile(text.join('\n'), 'ports.txt')).toHaveLength(65_535);
  });

  test('shows the beginning of a long token', () => {
    const error = errorOf(() => parsePortSpec('x'.repeat(count), 'PORTSLICE_PORTS'));
    expect(error.token).toBe(`${'x'.repeat(37)}...`);
    // Not with half a surrogate pair at the end.
    const { token } = errorOf(() => parsePortSpec('\u{1F600}'.repeat(count), 'PORTSLICE_PORTS'));
    expect(token).toBe(`${'\u{1F600}'.repeat(18)}...`);
  });
});
