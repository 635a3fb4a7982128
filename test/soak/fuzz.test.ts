/**
 * DESIGN.md, "Public API": a spec and what the operating system says are a set of ports or a typed error that names where
 * it comes from, in bounded time. Texts are made of the grammar with mistakes in it; the answers are compared with those of
 * regular expressions that say the same in another way. Time is bounded by the test's time-out alone: what is quadratic
 * takes hours for a megabyte. Single texts, each with its error, are in test/core.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  parseLinuxEphemeralRange,
  parseSysctlEphemeralRange,
  parseWindowsEphemeralRange,
  parseWindowsExcludedRanges,
} from '../../src/core/ephemeral-range-text.ts';
import { joinRanges, type PortRange } from '../../src/core/port-range.ts';
import { parsePortsFile, parsePortSpec } from '../../src/core/port-spec.ts';
import { EphemeralRangeError, PortSpecError } from '../../src/index.ts';
import { windowsExcludedTexts, windowsRangeTexts } from '../support/netsh-texts.ts';
import { repetitions, soakTimeoutMs } from './scale.ts';

const TIMEOUT_MS = soakTimeoutMs(240_000, 1_800_000);
const RUNS = repetitions(10_000, 100_000);

/** What a text must be: ranges, or undefined for a typed error. */
type Expected = readonly PortRange[] | undefined;
type Parse = (text: string) => PortRange | PortRange[];

function rangeOf(first: string | undefined, last = first): PortRange | undefined {
  const [firstPort, lastPort] = [Number(first), Number(last)];
  return firstPort >= 1 && firstPort <= lastPort && lastPort <= 65_535 ? { firstPort, lastPort } : undefined;
}

/** Undefined if one of them is. */
function all(ranges: readonly (PortRange | undefined)[]): Expected {
  return ranges.every((range) => range !== undefined) ? ranges : undefined;
}

function match(pattern: RegExp, text: string): PortRange | undefined {
  const [, first, last] = pattern.exec(text) ?? [];
  return rangeOf(first, last);
}

const spec = (text: string): Expected => {
  const ranges = all(text.split(',').map((item) => match(/^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/, item)));
  return ranges && joinRanges(ranges);
};
const file = (text: string): Expected => {
  const lines = text.split(/\r\n|[\r\n]/).map((line) => line.split('#')[0] as string);
  const specs = lines.filter((line) => /\S/.test(line)).map(spec);
  const ranges = specs.every((found) => found !== undefined) ? specs.flat() : [];
  return ranges.length === 0 ? undefined : joinRanges(ranges);
};
const twoPorts = (text: string): Expected => all([match(/^\s*(\d+)\s+(\d+)\s*$/, text)]);
const afterColons = (text: string): Expected => {
  const [first, count] = text.split('\n').flatMap((line) => /[:\uFF1A]\s*(\d+)\s*$/.exec(line)?.[1] ?? []);
  return all([count === undefined ? undefined : rangeOf(first, String(Number(first) + Number(count) - 1))]);
};
const columns = (text: string): Expected => {
  const row = /^\s*(\d+)\s+(\d+)(?:\s+\*)?\s*$/;
  return all(text.split('\n').flatMap((line) => (row.test(line) ? [match(row, line)] : [])));
};

const parsers: readonly { name: string; parse: Parse; expected: (text: string) => Expected }[] = [
  { name: 'parsePortSpec', parse: (text) => parsePortSpec(text, 'the source'), expected: spec },
  { name: 'parsePortsFile', parse: (text) => parsePortsFile(text, 'the source'), expected: file },
  { name: 'parseLinuxEphemeralRange', parse: parseLinuxEphemeralRange, expected: twoPorts },
  { name: 'parseSysctlEphemeralRange', parse: parseSysctlEphemeralRange, expected: twoPorts },
  { name: 'parseWindowsEphemeralRange', parse: parseWindowsEphemeralRange, expected: afterColons },
  { name: 'parseWindowsExcludedRanges', parse: parseWindowsExcludedRanges, expected: columns },
];

/** Other exceptions than the promised ones pass through, and so fail the test. */
function answerOf(parse: Parse, text: string): Expected {
  try {
    return [parse(text)].flat();
  } catch (error) {
    if (error instanceof PortSpecError || error instanceof EphemeralRangeError) return saysWhere(error);
    throw error;
  }
}

function saysWhere({ source, message }: PortSpecError | EphemeralRangeError): undefined {
  expect(source).toMatch(/^(the source$|\/proc\/sys|sysctl -n|netsh int)/);
  expect(message).toContain(source);
  expect(message.length).toBeLessThan(700);
}

const port = fc.integer({ min: 1, max: 65_535 });
const number = fc.oneof(
  { weight: 20, arbitrary: port.map(String) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('0', '65536', '00080', '9'.repeat(400), '+1', '1.0', '1e3', '\u0661', ''),
  },
);
const range = fc.tuple(port, port).map(([one, two]) => `${Math.min(one, two)}-${Math.max(one, two)}`);
const item = fc.oneof(
  number,
  range,
  fc.tuple(number, number).map((ends) => ends.join('-')),
);
const space = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('', '', ' ') },
  { weight: 1, arbitrary: fc.constantFrom('\t', '\u00A0', '\uFEFF', '\u2028', '\v', '\r\n', '\0', '\u200B') },
);
const joint = fc.constantFrom(
  ',',
  ',',
  ',',
  '\n',
  '\r\n',
  '# 1-2\n',
  '-',
  '\t',
  ' ',
  ': ',
  ' :\uFF1A',
  '\n\n',
  ' *\n',
);
const written = fc
  .array(fc.tuple(space, item, space, joint), { maxLength: 6 })
  .map((parts) => parts.flat().join('').slice(0, -1));
const goodSpec = fc
  .array(fc.oneof(range, port.map(String)), { minLength: 1 })
  .map((items) => items.join(','));
const lines = fc.array(
  fc.tuple(
    fc.constantFrom('Start : ', ' ', '', 'Ports\uFF1A'),
    number,
    fc.constantFrom('', '\t', ' '),
    number,
  ),
  { minLength: 1, maxLength: 3 },
);
const told = fc
  .tuple(lines, fc.constantFrom('\n', '\r\n', ' *\n'))
  .map(([rows, end]) => rows.map((row) => row.join('') + end).join(''));
const printed = fc.constantFrom(...Object.values(windowsRangeTexts), ...Object.values(windowsExcludedTexts));
const twoNumbers = fc.tuple(port, port).map(([first, last]) => `${first}\t${last}\n`);
const grammatical = fc.oneof(written, goodSpec, told, printed, twoNumbers);
/** As a damaged file or a wrong code page would. */
const spoilt = fc
  .tuple(grammatical, fc.nat(), fc.nat(3), fc.string({ unit: 'binary', maxLength: 2 }))
  .map(([text, at, removed, inserted]) => {
    const start = at % (text.length + 1);
    return text.slice(0, start) + inserted + text.slice(start + removed);
  });
const anyText = fc.oneof(
  { weight: 4, arbitrary: grammatical },
  { weight: 4, arbitrary: spoilt },
  fc.string({ unit: 'binary' }),
);

describe('every text is ports or a typed error', { timeout: TIMEOUT_MS }, () => {
  test.for(parsers)('for $name, as regular expressions say too', ({ parse, expected }) => {
    let accepted = 0;
    fc.assert(
      fc.property(anyText, (text) => {
        const answer = answerOf(parse, text);
        expect(answer).toEqual(expected(text));
        if (answer !== undefined) accepted++;
      }),
      { numRuns: RUNS },
    );
    // Neither answer is rare, so that both are tried.
    expect(Math.min(accepted, RUNS - accepted)).toBeGreaterThan(RUNS / 50);
  });

  test('for a megabyte of anything, in bounded time', () => {
    const length = repetitions(2 ** 18, 2 ** 20);
    const units = [
      '9',
      '0',
      '1',
      ',',
      ' ',
      '\t',
      '-',
      '\n',
      '\r\n',
      '#',
      ':',
      '*',
      'x',
      '\0',
      '\uFEFF',
      '\u{1F600}',
    ];
    const groups = [
      '1-65535,',
      '1 ,',
      '1 -',
      ' 1',
      '1#\n',
      '1 2 *\n',
      ':1\r\n',
      '\uFF1A',
      '\uD800',
      '65535-1,',
      ', ',
    ];
    const gap = ' '.repeat(length / 2);
    const zeros = '0'.repeat(length);
    const texts = [...units, ...groups].map((unit) => unit.repeat(length / unit.length));
    texts.push(
      `${zeros}80`,
      `1${gap}-${gap}2`,
      `1${gap}${gap}2`,
      `${'1,'.repeat(length / 2)}x`,
      `${':'.repeat(length / 2)}${gap}1\n: 2`,
    );
    for (const text of texts)
      for (const { parse, expected } of parsers) expect(answerOf(parse, text)).toEqual(expected(text));
  });
});
