/** The server ports of this machine, for people. */
import { countText, numberText } from '../core/count-text.ts';
import { formatPortRange, type PortRange } from '../core/port-range.ts';
import { harmless } from '../errors/index.ts';
import type { LeftOutPorts, LeftOutReason, ServerPortsReport } from '../report/port/server-ports-report.ts';
import { styled } from './output.ts';
import { wrapAfter } from './text-width.ts';

/** Lines without line breaks, as wide as that at most; undefined: no terminal reads them. */
export function formatServerPorts(report: ServerPortsReport, space: number | undefined): string[] {
  const { source, portCount, ranges, ephemeralRange, warning, leftOut } = report;
  const from = source === undefined ? 'what the operating system leaves' : harmless(source);
  const counts = [portCount, ...leftOut.map((each) => each.portCount)].map(numberText);
  const width = Math.max(...counts.map(({ length }) => length));
  const title = countText(portCount, 'server port');
  const [first = '', ...others] = wrapAfter('', `${title}, which tests may be given: ${from}`, space);
  const ephemeral = ephemeralRange === undefined ? 'not known' : formatPortRange(ephemeralRange);
  return [
    first.replace(title, styled('bold', title)),
    ...others,
    ...wrapAfter('  ', formatRanges(ranges), space),
    '',
    ...wrapAfter('', `Ephemeral range, from which clients get their ports: ${ephemeral}`, space),
    ...(warning === undefined ? [] : ['', ...wrapAfter('', warning, space).map(inYellow)]),
    '',
    'Left out:',
    ...leftOut.flatMap((each) =>
      wrapAfter(
        `  ${numberText(each.portCount).padStart(width)}  `,
        `${describeLeftOut(each)}: ${formatRanges(each.ranges)}`,
        space,
      ),
    ),
  ];
}

function inYellow(line: string): string {
  return styled('yellow', line);
}

function formatRanges(ranges: readonly PortRange[]): string {
  return ranges.map(formatPortRange).join(', ');
}

const REASONS: Readonly<Record<LeftOutReason, string>> = {
  spec: 'not named by',
  privileged: 'need privileges',
  ephemeral: 'in the ephemeral range',
  browsers: 'refused by browsers and fetch',
  system: 'excluded by the operating system',
  user: 'excluded by',
  unregistered: 'above 49151',
};

function describeLeftOut({ reason, source }: LeftOutPorts): string {
  return source === undefined ? REASONS[reason] : `${REASONS[reason]} ${harmless(source)}`;
}
