/** The parsers of texts, and what they have to answer, told by regular expressions: another way than theirs. */
import { deepStrictEqual, match as matches, ok } from 'node:assert/strict';
import {
  parseLinuxEphemeralRange,
  parseSysctlEphemeralRange,
  parseWindowsEphemeralRange,
  parseWindowsExcludedRanges,
} from '../../src/core/ephemeral-range-text.ts';
import { joinRanges, type PortRange } from '../../src/core/port-range.ts';
import { parsePortsFile, parsePortSpec } from '../../src/core/port-spec.ts';
import { EphemeralRangeError, PortSpecError } from '../../src/index.ts';

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

export const parsers: readonly { name: string; parse: Parse; expected: (text: string) => Expected }[] = [
  { name: 'parsePortSpec', parse: (text) => parsePortSpec(text, 'the source'), expected: spec },
  { name: 'parsePortsFile', parse: (text) => parsePortsFile(text, 'the source'), expected: file },
  { name: 'parseLinuxEphemeralRange', parse: parseLinuxEphemeralRange, expected: twoPorts },
  { name: 'parseSysctlEphemeralRange', parse: parseSysctlEphemeralRange, expected: twoPorts },
  { name: 'parseWindowsEphemeralRange', parse: parseWindowsEphemeralRange, expected: afterColons },
  { name: 'parseWindowsExcludedRanges', parse: parseWindowsExcludedRanges, expected: columns },
];

/** Throws if the answer is a wrong one. @returns whether it is ports, and not the typed error */
export function check({ parse, expected }: (typeof parsers)[number], text: string): boolean {
  const answer = answerOf(parse, text);
  deepStrictEqual(answer, expected(text));
  return answer !== undefined;
}

/** Other exceptions than the promised ones pass through. */
function answerOf(parse: Parse, text: string): Expected {
  try {
    return [parse(text)].flat();
  } catch (error) {
    if (error instanceof PortSpecError || error instanceof EphemeralRangeError) return saysWhere(error);
    throw error;
  }
}

function saysWhere({ source, message }: PortSpecError | EphemeralRangeError): undefined {
  matches(source, /^(the source$|\/proc\/sys|sysctl -n|netsh int)/);
  ok(message.includes(source) && message.length < 700, message);
}
