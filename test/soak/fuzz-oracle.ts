/**
 * What the parsers have to answer, told by regular expressions alone: another way than theirs. Undefined: a typed error.
 * Ports are marked in an array with one place for each, whatever form the parser gives them in.
 */
import type { PortRange } from '../../src/core/port-range.ts';

const ITEM = /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/;

export function rangesOfSpec(text: string): PortRange[] | undefined {
  const ranges: PortRange[] = [];
  for (const item of text.split(',')) {
    const [, first, last = first] = ITEM.exec(item) ?? [];
    const range = rangeOf(first, last);
    if (range === undefined) return undefined;
    ranges.push(range);
  }
  return ranges;
}

/** The ranges, or the number of the first wrong line; 0 if nothing is named. */
export function rangesOfFile(text: string): PortRange[] | number {
  const ranges: PortRange[] = [];
  for (const [index, line] of text.split(/\r\n|[\r\n]/).entries()) {
    const [spec = ''] = line.split('#');
    if (/^\s*$/.test(spec)) continue;
    const found = rangesOfSpec(spec);
    if (found === undefined) return index + 1;
    ranges.push(...found);
  }
  return ranges.length === 0 ? 0 : ranges;
}

export function rangeOfTwoPorts(text: string): PortRange | undefined {
  const [, first, last] = /^\s*(\d+)\s+(\d+)\s*$/.exec(text) ?? [];
  return rangeOf(first, last);
}

export function rangeOfColonLines(text: string): PortRange | undefined {
  const values = text.split('\n').flatMap((line) => /[:\uFF1A]\s*(\d+)\s*$/.exec(line)?.[1] ?? []);
  const [first, count] = values;
  return first === undefined || count === undefined
    ? undefined
    : rangeOf(first, String(Number(first) + Number(count) - 1));
}

export function rangesOfColumns(text: string): PortRange[] | undefined {
  const ranges: PortRange[] = [];
  for (const line of text.split('\n')) {
    const [, first, last] = /^\s*(\d+)\s+(\d+)(?:\s+\*)?\s*$/.exec(line) ?? [];
    if (first === undefined) continue;
    const range = rangeOf(first, last);
    if (range === undefined) return undefined;
    ranges.push(range);
  }
  return ranges;
}

function rangeOf(first: string | undefined, last: string | undefined): PortRange | undefined {
  const [firstPort, lastPort] = [Number(first), Number(last)];
  return firstPort >= 1 && firstPort <= lastPort && lastPort <= 65_535 ? { firstPort, lastPort } : undefined;
}

export function mark(ranges: readonly PortRange[]): Uint8Array {
  const marks = new Uint8Array(65_537);
  for (const { firstPort, lastPort } of ranges) marks.fill(1, firstPort, lastPort + 1);
  return marks;
}
